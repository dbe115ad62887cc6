import { describe, expect, it } from '@jest/globals'
import type { Alias } from '../../src/core/alias.js'
import type { Uid } from '../../src/core/uid.js'
import type { Part } from '../../src/namespace/operation.js'
import { graver, uidOfPart } from '../../src/namespace/parts.js'
import {
  namePrefix,
  type Pending,
  revisionPrefix,
  scopePrefix,
  slotKeys,
  slotPrefixes,
  waitingKey,
} from '../../src/namespace/pending.js'
import { type Proposal, proposalId, slotOf } from '../../src/namespace/statements.js'
import { approvals } from '../../src/namespace/fold-commit.js'
import { changeClasses } from '../../src/namespace/group.js'
import { placesOf } from '../../src/namespace/standing.js'
import { T0 } from '../support/fake-clock.js'

type Asked = Pick<Proposal, 'op' | 'subject' | 'body' | 'base'>

const alias = 'payments/api' as Alias
const uid = `e${'a'.repeat(31)}` as Uid
const made: Asked = { op: 'entry.create', subject: { alias }, body: {}, base: null }
const changed: Asked = {
  ...{ op: 'entry.suspend', subject: { alias, uid }, body: {} },
  base: { rev: 3, head: 'a' },
}
const together = (...changes: readonly unknown[]): Asked => ({
  ...{ op: 'changes', subject: { alias: '' as Alias, uid }, body: { changes } as never },
  base: { rev: 9, head: 'b' },
})

describe('what only one proposal may have', () => {
  it.each<[string, Asked, readonly string[]]>([
    ['a revision of what there is', changed, [`${uid} 3 `]],
    ['a name that nobody has', made, ['alias:payments/api 0 ']],
    ['the same name for a scope', { ...made, op: 'scope.create' }, ['alias:payments/api 0 ']],
    ['a name of clusters', { ...made, op: 'cluster.register' }, ['cluster:payments/api 0 ']],
    [
      'what each of several changes finds',
      together(changed, made),
      [`${uid} 3 `, 'alias:payments/api 0 '],
    ],
    ['it once', together(changed, changed, made), [`${uid} 3 `, 'alias:payments/api 0 ']],
    [
      'nothing for what follows an earlier change',
      together(made, { ...changed, base: { after: 0 } }),
      ['alias:payments/api 0 '],
    ],
  ])('is %s', (_, proposal, prefixes) => {
    expect(slotPrefixes(proposal)).toEqual(prefixes)
    const row = { id: 'pr1', proposal } as unknown as Pending
    expect(slotKeys(row)).toEqual(prefixes.map((prefix) => `${prefix}pr1`))
  })

  it('is the same however it is asked for', () => {
    expect(revisionPrefix(uid, 3)).toBe(`${uid} 3 `)
    expect(namePrefix('scope', alias)).toBe(namePrefix('entry', alias))
    expect(namePrefix('cluster', alias)).not.toBe(namePrefix('entry', alias))
    expect(scopePrefix(uid)).toBe(`${uid} `)
    const row = { id: 'pr1', proposal: { scope: { uid, rev: 1 } } } as unknown as Pending
    expect(waitingKey(row)).toBe(`${uid} pr1`)
  })

  it('is what a vote names', () => {
    const nonce = 'f'.repeat(32)
    const slot = (asked: Asked) => slotOf({ ...asked, nonce } as Proposal)
    expect(slot(changed)).toEqual({ id: uid, rev: 3 })
    expect(slot(made)).toEqual({ id: 'alias:payments/api', rev: 0 })
    expect(slot(together(changed))).toEqual({ id: `changes:${nonce}`, rev: 0 })
  })
})

describe('several changes together', () => {
  it('are about the places of each of them', () => {
    const move = { ...changed, op: 'entry.rename', body: { to: 'shop/api' } }
    expect(placesOf(made)).toEqual([alias])
    expect(placesOf(move as Asked)).toEqual([alias, 'shop/api'])
    expect(placesOf(together(move, made))).toEqual([alias, 'shop/api', alias])
  })

  it('take what the gravest of them takes', () => {
    const grave = changeClasses.map((a) => changeClasses.map((b) => graver(a, b)))
    for (const [at, row] of grave.entries()) {
      for (const [other, one] of row.entries()) {
        expect(one).toBe(changeClasses[Math.max(at, other)])
      }
    }
  })

  it('create what has a uid of the index, the nonce and the place', () => {
    const of = (op: Part['op'], position: number, more: Partial<Proposal> = {}) =>
      uidOfPart({ index: 'i', nonce: 'n', ...more }, op, position)
    const uids = [
      of('entry.create', 0),
      of('entry.create', 1),
      of('entry.create', 0, { index: 'j' }),
      of('entry.create', 0, { nonce: 'm' }),
    ]
    expect(new Set(uids.map((one) => one.slice(1))).size).toBe(4)
    expect(of('scope.create', 0)).toBe(`s${uids[0]!.slice(1)}`)
    expect(of('cluster.register', 0)).toBe(`c${uids[0]!.slice(1)}`)
    // SHA-256 of the four lines capstan:part, i, n, 0 in base32.
    expect(of('entry.create', 0)).toBe('eu2ixpq5g6fb5aokvz6uh5shl2geb5f4')
  })
})

describe('a proposal', () => {
  it('is called by 40 characters of its digest', () => {
    expect(proposalId('00'.repeat(32))).toBe(`pr${'a'.repeat(40)}`)
    expect(proposalId(`${'ff'.repeat(25)}${'00'.repeat(7)}`)).toBe(`pr${'7'.repeat(40)}`)
  })

  it('has approvals in the order of their voters', () => {
    const vote = (voter: string, decision: 'approve' | 'reject', digest: string) => ({
      ...{ voter, decision, digest, seq: 1, cast: T0, record: 1, in: ['present' as const] },
    })
    const votes = [
      vote('cyd', 'approve', '1'),
      vote('bob', 'reject', '2'),
      vote('ann', 'approve', '3'),
    ]
    expect(approvals({ votes })).toEqual(['3', '1'])
  })
})
