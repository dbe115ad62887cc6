import { describe, expect, it } from '@jest/globals'
import type { Uid } from '../../../src/core/uid.js'
import { namedAnew, objectsDifference } from '../../../src/namespace/questions/objects.js'
import type { IndexState } from '../../../src/namespace/state.js'

type Some = Readonly<Record<string, unknown>> & { readonly uid: string; readonly alias: string }

const letters = { e: 'entry', s: 'scope', c: 'cluster' } as const

/** An index with these: what they are, the first letter of their uid says. */
function stateOf(objects: readonly Some[]): IndexState {
  const of = (letter: keyof typeof letters) =>
    new Map(
      objects
        .filter(({ uid }) => uid.startsWith(letter))
        .map((one) => [one.uid, { kind: letters[letter], rev: 1, head: '', ...one }]),
    )
  const tables = { entries: of('e'), scopes: of('s'), clusters: of('c') }
  return tables as unknown as IndexState
}

function difference(before: readonly Some[], after: readonly Some[], uids?: readonly string[]) {
  const all = uids ?? [...before, ...after].map(({ uid }) => uid)
  const found = objectsDifference(stateOf(before), stateOf(after), all as readonly Uid[])
  const { entries, regions } = found.touched
  return { objects: found.objects, entries: [...entries], regions }
}

describe('objects that differ', () => {
  it.each<[string, Some, Some, readonly string[], readonly string[]]>(
    [
      ['its group alone', { group: 1 }, { group: 2 }, ['group'], []],
      ['its limits', { envelope: 1 }, { envelope: 2 }, ['envelope'], ['pay']],
      [
        'its limits and its group',
        { envelope: 1, group: 1 },
        { envelope: 2, group: 2 },
        ['envelope', 'group'],
        ['pay'],
      ],
      ['a brake that is on it', {}, { brake: {} }, ['brake'], ['pay']],
      ['a guard that is gone', { guards: [] }, {}, ['guards'], ['pay']],
    ].map(([what, was, is, ...rest]) => {
      const scope = { uid: 's1', alias: 'pay' }
      return [
        what,
        { ...scope, ...(was as object) },
        { ...scope, ...(is as object) },
        ...rest,
      ] as never
    }),
  )(
    'of a scope by %s bear on what is in it, but for its voters',
    (_what, was, is, fields, regions) => {
      expect(difference([was], [is])).toEqual({
        objects: [{ kind: 'scope', alias: 'pay', change: 'changed', fields }],
        ...{ entries: [], regions },
      })
    },
  )

  it('bear on a region where a scope is new, on an entry by itself, and a cluster on neither', () => {
    const found = difference(
      [
        { uid: 'e1', alias: 'a', owner: 'x' },
        { uid: 'c1', alias: 'east', issuer: 'x' },
      ],
      [
        { uid: 'e1', alias: 'a', owner: 'y' },
        { uid: 'c1', alias: 'east', issuer: 'y' },
        { uid: 's1', alias: 'pay', group: 1 },
        { uid: 'c2', alias: 'west' },
      ],
    )
    expect(found).toEqual({
      objects: [
        { kind: 'cluster', alias: 'east', change: 'changed', fields: ['issuer'] },
        { kind: 'cluster', alias: 'west', change: 'created', fields: [] },
        { kind: 'entry', alias: 'a', change: 'changed', fields: ['owner'] },
        { kind: 'scope', alias: 'pay', change: 'created', fields: [] },
      ],
      ...{ entries: ['e1'], regions: ['pay'] },
    })
  })

  it('are none that only have another revision, or that are nowhere after', () => {
    const was = { uid: 'e1', alias: 'a' }
    const none = { objects: [], entries: [], regions: [] }
    expect(difference([was], [{ ...was, rev: 2, head: 'other' }])).toEqual(none)
    expect(difference([was], [])).toEqual(none)
    expect(difference([], [], ['e7'])).toEqual(none)
  })
})

describe('objects with a new name', () => {
  it('are those that are new, or renamed', () => {
    const before = stateOf([
      { uid: 'e1', alias: 'a' },
      { uid: 'e2', alias: 'b' },
      { uid: 's1', alias: 'pay' },
    ])
    const after = stateOf([
      { uid: 'e1', alias: 'a' },
      { uid: 'e2', alias: 'c' },
      { uid: 's1', alias: 'pay' },
      { uid: 's2', alias: 'web' },
    ])
    const uids = ['e1', 'e2', 's1', 's2'] as readonly string[] as readonly Uid[]
    expect(namedAnew(before, after, uids)).toEqual(['e2', 's2'])
    expect(namedAnew(after, after, ['e9' as Uid])).toEqual([])
  })
})
