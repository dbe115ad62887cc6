import { describe, expect, it } from '@jest/globals'
import { ROOT } from '../../src/core/alias.js'
import { describe as describeRecord } from '../../src/namespace/history.js'
import { givenGroup } from './given-group.js'
import { givenRecovery, recoveryBy } from './given-recovery.js'
import {
  alias,
  clusterFacts,
  codeOf,
  type GivenIndex,
  givenIndex,
  owner,
  valueOf,
} from './given-index.js'

const history = async ({ index }: GivenIndex, name: string) =>
  valueOf(await index.history(alias(name)))

describe('the history of a name', () => {
  it('is of entries, scopes and clusters, and of the root, oldest first', async () => {
    const given = await givenIndex(
      { op: 'scope.create', alias: 'pay' },
      { op: 'entry.create', alias: 'pay/api', owner },
      { op: 'cluster.register', alias: 'east', cluster: clusterFacts('east') },
      { op: 'entry.suspend', alias: 'pay/api' },
      { op: 'entry.create', alias: 'web', owner },
    )
    const ops = async (name: string) => (await history(given, name)).map(({ op, rev }) => [op, rev])
    expect(await ops('')).toEqual([['genesis', 1]])
    expect(await ops('pay')).toEqual([['scope.create', 1]])
    expect(await ops('east')).toEqual([['cluster.register', 1]])
    expect(await ops('pay/api')).toEqual([
      ['entry.create', 1],
      ['entry.suspend', 2],
    ])
    expect(codeOf(await given.index.history(alias('nobody')))).toBe('namespace.unknown')
  })

  it('has the votes of one voter who decides alone, as of several', async () => {
    const solo = await givenIndex({ op: 'entry.create', alias: 'web', owner })
    expect((await history(solo, 'web')).map(({ votes }) => votes)).toEqual([['approve: local']])
    const given = await givenGroup({})
    await given.agreed({ op: 'entry.create', alias: 'api', owner })
    const [made] = await history(given, 'api')
    expect(made?.votes).toEqual(['approve: ann, bob'])
  })

  it('follows an entry through its names', async () => {
    const given = await givenIndex(
      { op: 'entry.create', alias: 'a', owner },
      { op: 'entry.rename', alias: 'a', to: 'b' },
    )
    expect(await history(given, 'a')).toEqual(await history(given, 'b'))
    expect((await history(given, 'b')).map(({ subject }) => subject)).toEqual(['a', 'b'])
  })

  it('says what each record said, without quotes, and the root as people write it', async () => {
    const given = await givenIndex({ op: 'entry.create', alias: 'a', owner })
    await given.did({ op: 'envelope.set', alias: 'a', envelope: { mayCall: [ROOT], maxTtl: 60 } })
    const { op, summary } = (await history(given, 'a')).at(-1)!
    expect(op).toBe('envelope.set')
    expect(summary).toHaveLength(1)
    expect(summary[0]).toMatch(/^envelope: \{.*maxTtl:60,.*mayCall:\[\/\]/)
    await given.did({ op: 'entry.rename', alias: 'a', to: 'b' })
    expect((await history(given, 'b')).at(-1)?.summary).toEqual(['to: b'])
  })

  it('says who was suspended by two votes that contradict each other', async () => {
    const given = await givenGroup()
    const proposal = await given.proposed({ op: 'entry.create', alias: 'a', owner })
    const [yes, no] = (['approve', 'reject'] as const).map((decision) =>
      given.ann.vote(proposal, decision, given.now()),
    )
    valueOf(await given.index.submit([yes!, no!]))
    const item = (await history(given, '')).at(-1)
    expect(item).toMatchObject({
      op: 'evidence',
      by: 'ann',
      votes: [],
      summary: ['suspended voter: ann'],
    })
    expect(item).not.toHaveProperty('reason')
  })

  it('is nothing of a record that changes nothing, nor of octets that are none', async () => {
    const given = await givenGroup()
    await given.proposed({ op: 'entry.create', alias: 'a', owner })
    const [opened] = await given.store.read(given.index.state.size - 1, 1)
    expect(describeRecord(opened!)).toBeUndefined()
    expect(describeRecord({ ...opened!, bytes: Buffer.from('{}') })).toBeUndefined()
    const [genesis] = await given.store.read(0, 1)
    expect(describeRecord(genesis!)).toMatchObject({ op: 'genesis' })
    // A change without what proposed it says nothing of itself.
    await given.agreed({ op: 'entry.create', alias: 'b', owner })
    const [last] = await given.store.read(given.index.state.size - 1, 1)
    expect(describeRecord({ ...last!, envelopes: [] })).toBeUndefined()
  })

  it('has what was proposed together one by one, as each was', async () => {
    const given = await givenGroup()
    const [made] = valueOf(
      await given.index.apply({
        apiVersion: 'capstan/v1',
        scopes: [{ alias: 'pay' }],
        entries: [{ alias: 'pay/api', owner }],
      }),
    )
    if (made?.kind !== 'waits') throw new Error('it was committed at once')
    const proposal = await given.proposal(made.proposal)
    await given.votes(given.ann, proposal)
    await given.votes(given.bob, proposal)
    const [scope] = await history(given, 'pay')
    const [entry] = await history(given, 'pay/api')
    expect([scope?.op, entry?.op]).toEqual(['scope.create', 'entry.create'])
    expect(entry?.summary).toContain('owner: {controller:team-payments}')
    expect(scope?.proposal).toBe(entry?.proposal)
    for (const member of ['reason', 'ticket']) expect(entry).not.toHaveProperty(member)
  })

  it('has a recovery among the rest, and nothing of it beside octets of another kind', async () => {
    const given = await givenRecovery()
    const { r1, r2 } = given.safe
    valueOf(await given.index.submitRecovery(recoveryBy(given, [r1, r2])))
    const { size, at, root } = given.index.state
    const item = (await history(given, '')).at(-1)
    expect(item).toMatchObject({
      ...{ seq: size - 1, at, op: 'recovery.start', subject: '', rev: root.rev },
    })
    for (const member of ['reason', 'ticket']) expect(item).not.toHaveProperty(member)
    const [stored] = await given.store.read(size - 1, 1)
    const { envelopes } = given.store.records[1]!
    expect(describeRecord({ ...stored!, envelopes })).toBeUndefined()
    expect(describeRecord({ ...stored!, envelopes: [] })).toBeUndefined()
  })

  it('has no votes of what stands beside a change and is none', async () => {
    const given = await givenIndex({ op: 'entry.create', alias: 'web', owner })
    const [stored] = await given.store.read(given.index.state.size - 1, 1)
    const [proposal, vote] = stored!.envelopes
    const votes = (...beside: readonly Uint8Array[]) =>
      describeRecord({ ...stored!, envelopes: [proposal!, ...beside] })?.votes
    expect(votes(vote!)).toEqual(['approve: local'])
    expect(votes(proposal!, vote!)).toEqual(['approve: local'])
    expect(votes(proposal!, Buffer.from('{}'))).toEqual([])
  })
})
