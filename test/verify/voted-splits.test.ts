import { beforeAll, describe, expect, it } from '@jest/globals'
import type { Alias } from '../../src/core/alias.js'
import type { Bundle } from '../../src/verify/bundle.js'
import { makeBundle } from '../../src/verify/make-bundle.js'
import { type VerifyOptions, verifyBundle } from '../../src/verify/verify-bundle.js'
import { givenServices } from '../interop/given-services.js'
import { givenSplit, splitElsewhere, splitOfPort } from '../interop/split-vectors.js'
import type { GivenGroup } from '../namespace/given-group.js'
import { codeOf, owner, valueOf } from '../namespace/given-index.js'
import { bundleOf, colluding, edited, LOG, sourceOf, type Writable } from './given-bundle.js'

let given: GivenGroup
let options: VerifyOptions
let api: Uint8Array

beforeAll(async () => {
  given = await givenSplit()
  options = { indexId: given.index.state.index, logKey: LOG.key, now: given.now() }
  api = await bundleOf(given, 'pay/api')
})

const verify = (octets: Uint8Array, more: Partial<VerifyOptions> = {}) =>
  verifyBundle(octets, { ...options, ...more })

const lie = (edit: Parameters<typeof colluding>[2]) =>
  colluding(given, api, edit, { lineage: 'whole' })

type Entry = Writable<Bundle>['entry']

/** A second of the same name and revision, which says something else. */
const elsewhere = ({ splits }: Entry['state']) => ({
  ...splits![0]!,
  backendRefs: [{ ...splits![0]!.backendRefs[1]!, weight: 1 }],
})
const widerRule = ({ rules }: Entry['state']) => ({
  ...rules[0]!,
  callers: [{ subtree: '' as Alias }],
})

describe('a bundle of an entry with a traffic split', () => {
  it('shows the change that made it, that whose backends it has, and none of those between', () => {
    const { entry, commits, groupsBy } = valueOf(verify(api))
    expect(entry.splits).toEqual(given.entry('pay/api').splits)
    expect(groupsBy).toBe('genesis')
    const made = commits.flatMap(({ op, rev, voters, subject }) =>
      subject.uid === entry.uid ? [[op, rev, voters]] : [],
    )
    expect(made).toEqual([
      ['rule.attach', 2, ['ann', 'bob']],
      ['rule.attach', 3, ['ann', 'bob']],
      ['split.set', 4, ['ann', 'bob']],
      ['split.set', 6, ['ann', 'bob']],
      ['entry.update', 7, ['ann', 'bob']],
    ])
  })

  it('shows each of them where all changes are wanted', async () => {
    const source = await sourceOf(given)
    const all = valueOf(await makeBundle(source, 'pay/api' as Alias, 'all'))
    const ops = valueOf(verify(all)).commits.flatMap(({ op }) => (op === 'split.set' ? op : []))
    expect(ops).toHaveLength(3)
  })

  it('shows it where the split was proposed with other changes', async () => {
    const several = await givenServices()
    const backendRefs = [{ entry: 'pay/api', port: 9090, weight: 1 }]
    const splits = [8080, 9090].map((port) => ({ port, backendRefs }))
    const entries = [{ alias: 'pay/api', owner, labels: { tier: 'gold' }, splits }]
    const document = { apiVersion: 'capstan/v1', entries }
    const [made] = valueOf(await several.index.apply(document))
    if (made?.kind !== 'waits') throw new Error('it was made at once')
    const proposal = await several.proposal(made.proposal)
    for (const voter of [several.ann, several.bob]) await several.votes(voter, proposal)
    await several.agreed({ op: 'entry.update', alias: 'pay/api', labels: {} })
    const { index } = several.index.state
    const bundle = await bundleOf(several, 'pay/api')
    const found = valueOf(verify(bundle, { indexId: index, now: several.now() }))
    // A backend's port that is the split's own is not said again.
    expect(found.entry.splits?.map(({ backendRefs: [ref] }) => ref?.port)).toEqual([
      9090,
      undefined,
    ])
    const sets = found.commits.filter(({ op }) => op === 'split.set')
    expect(sets.map(({ voters }) => voters)).toEqual([
      ['ann', 'bob'],
      ['ann', 'bob'],
    ])
  })

  it('is taken without that change by whoever trusts the log', () => {
    const without = edited(api, ({ entry: { commits } }) => {
      commits.splice(-3, 2)
    })
    expect(codeOf(verify(without))).toBe('bundle.not-counted')
    expect(valueOf(verify(without, { trustLog: true })).groupsBy).toBe('log')
  })
})

describe('attack 302: who holds the key of the log sends traffic where nobody wanted it', () => {
  it('puts a split into the entry that no shown change made', async () => {
    expect(codeOf(verify(await lie(splitOfPort(9090))))).toBe('bundle.not-counted')
  })

  it('puts other weights into the split that voters made', async () => {
    const other = await lie(splitElsewhere)
    expect(codeOf(verify(other))).toBe('bundle.not-proved')
    expect(codeOf(verify(other, { trustLog: true }))).toBe('bundle.not-proved')
  })

  it.each([
    ['split of a voted port', ({ state }: Entry) => state.splits!.push(elsewhere(state))],
    ['split before the voted one', ({ state }: Entry) => state.splits!.unshift(elsewhere(state))],
    ['rule before the voted one', ({ state }: Entry) => state.rules.unshift(widerRule(state))],
    ['rule out of its place', ({ state }: Entry) => state.rules.reverse()],
  ])('puts in another %s', async (_, edit) => {
    const octets = await lie(({ entry }) => void edit(entry))
    expect(codeOf(verify(octets))).toBe('bundle.not-proved')
    expect(codeOf(verify(octets, { trustLog: true }))).toBe('bundle.not-proved')
  })

  it('puts in another rule of a voted id', async () => {
    const octets = await lie(({ entry: { state } }) => void state.rules.push(widerRule(state)))
    expect(codeOf(verify(octets))).toBe('bundle.not-proved')
  })

  it('shows the votes on the split before it', async () => {
    const all = valueOf(await makeBundle(await sourceOf(given), 'pay/api' as Alias, 'all'))
    const shown = JSON.parse(Buffer.from(all).toString('utf8')) as Writable<Bundle>
    const before = shown.entry.commits.find(({ record }) => record.rev === 5)!
    const older = await lie(({ entry: { commits } }) => {
      commits.splice(-2, 1, before)
    })
    expect(codeOf(verify(older))).toBe('bundle.not-proved')
  })
})
