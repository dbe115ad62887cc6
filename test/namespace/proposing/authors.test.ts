import { describe, expect, it } from '@jest/globals'
import { unixSeconds } from '../../../src/core/time.js'
import { FoldedState } from '../../../src/namespace/folded-state.js'
import type { Group, Proposer, Voter } from '../../../src/namespace/group.js'
import { authorIn, localAuthor, namedAuthor } from '../../../src/namespace/local-author.js'
import type { VoterKey } from '../../../src/namespace/voter-key.js'
import { groupOf, TestVoter } from '../../support/voters.js'
import { givenGroup, groupBelow } from '../given-group.js'
import { alias, owner } from '../given-index.js'

const at = unixSeconds(1000)
const index = 'a'.repeat(64)
const [ann, bob, ci] = [new TestVoter('ann'), new TestVoter('bob'), new TestVoter('ci')] as const
const eve = new TestVoter('eve', 'ES256')
const xOf = (voter: TestVoter): string => voter.key(index, at).jwk.x

const group = (voters: readonly Voter[], proposers?: readonly Proposer[]): Group => ({
  ...groupOf(voters),
  rev: 1,
  ...(proposers && { proposers }),
})
const voterOf = (
  voter: TestVoter,
  over: Partial<Voter> = {},
  key: Partial<VoterKey> = {},
): Voter => ({
  ...voter.voter(index, at),
  keys: [{ ...voter.key(index, at), ...key }],
  ...over,
})

describe('the author by whose key something is proposed', () => {
  const seen = (of: Group, voter: TestVoter) => authorIn(of, { x: xOf(voter), at })

  it('is a voter before a proposer, and whoever has that key', () => {
    const both = group([voterOf(ann), voterOf(bob)], [voterOf(ci), voterOf(bob, { id: 'bot' })])
    expect(seen(both, bob)).toEqual({ kind: 'voter', id: 'bob' })
    expect(seen(both, ci)).toEqual({ kind: 'proposer', id: 'ci' })
    expect(seen(group([voterOf(ann)]), ci)).toBeUndefined()
    expect(seen(both, new TestVoter('new'))).toBeUndefined()
  })

  it.each<readonly [string, Partial<Voter>, Partial<VoterKey>]>([
    ['is suspended', { status: 'suspended' }, {}],
    ['is braked', { brake: { until: unixSeconds(at + 1) } }, {}],
    ['has a key that is over', {}, { until: at }],
    ['has a key that is not in use yet', {}, { from: unixSeconds(at + 1) }],
  ])('is no voter who %s', (_, over, key) => {
    expect(seen(group([voterOf(ann, over, key)]), ann)).toBeUndefined()
    const later = group([voterOf(ann, over, key)], [voterOf(ann, { id: 'bot' })])
    expect(seen(later, ann)).toEqual({ kind: 'proposer', id: 'bot' })
  })

  it('is no proposer whose key is over', () => {
    const of = (until: number) =>
      group([voterOf(bob)], [voterOf(ci, {}, { until: unixSeconds(until) })])
    expect(seen(of(at), ci)).toBeUndefined()
    expect(seen(of(at + 1), ci)).toEqual({ kind: 'proposer', id: 'ci' })
  })

  it('has an Ed25519 key: a coordinate of another curve is no such key', () => {
    expect(seen(group([voterOf(eve)]), eve)).toBeUndefined()
  })

  it('signs with any of their keys', () => {
    const keys = [eve.key(index, at), ann.key(index, at)]
    expect(seen(group([voterOf(ann, { keys })]), ann)).toEqual({ kind: 'voter', id: 'ann' })
  })
})

describe('the author of a name', () => {
  it('is of the group that decides, or of one above it', async () => {
    const given = await givenGroup(
      {},
      { op: 'scope.create', alias: 'pay' },
      { op: 'scope.create', alias: 'pay/eu' },
    )
    const dan = new TestVoter('dan')
    await groupBelow(given, 'pay', [dan, new TestVoter('eli'), given.cyd])
    const { state } = given.index
    const named = (name: string, text: string) =>
      namedAuthor(
        state,
        { op: 'entry.create', subject: { alias: alias(text) } },
        { name, at: state.at },
      )
    expect(named('dan', 'pay/api')?.author).toEqual({ kind: 'voter', id: 'dan' })
    expect(named('dan', 'pay/eu/api')?.author).toEqual({ kind: 'voter', id: 'dan' })
    expect(named('dan', 'shop')).toBeUndefined()
    expect(named('ann', 'pay/eu/api')?.author).toEqual({ kind: 'voter', id: 'ann' })
    expect(named('local', 'pay/api')?.author).toEqual({ kind: 'proposer', id: 'local' })
    expect(named('zoe', 'pay/eu/api')).toBeUndefined()
    const own = state.scopeByAlias(alias('pay'))?.group?.voters.find(({ id }) => id === 'cyd')
    expect(named('cyd', 'pay/api')?.who).toEqual(own)
    expect(named('local', 'shop')?.who.keys).toEqual(state.root.group?.proposers?.[0]?.keys)

    // About their group its voters ask themselves first, who are not above it.
    const { uid } = given.scope('pay')
    const ofGroup = { op: 'group.set', subject: { alias: alias('pay'), uid } } as const
    const ofTheirs = namedAuthor(state, ofGroup, { name: 'dan', at: state.at })
    expect(ofTheirs?.author).toEqual({ kind: 'voter', id: 'dan' })
    const above = { uid: state.root.uid, rev: state.root.group?.rev ?? 0 }
    const asked = { ...ofGroup, scope: above }
    expect(namedAuthor(state, asked, { name: 'dan', at: state.at })).toBeUndefined()

    const about = { op: 'entry.create', subject: { alias: alias('pay/eu/api') } } as const
    const here = given.deps.voter.publicKey
    expect(localAuthor(state, about, here)).toEqual({ kind: 'proposer', id: 'local' })
    expect(localAuthor(state, about, new Uint8Array(32))).toBeUndefined()
    // Keys begin to be used with the group that has them.
    expect(localAuthor(state, about, here, unixSeconds(0))).toBeUndefined()
  })

  it('is nobody who is suspended or braked', async () => {
    const given = await givenGroup({}, { op: 'entry.create', alias: 'pay', owner })
    const { root, source } = given.index.state
    const now = given.index.state.at
    const named = (over: Partial<Voter>) => {
      const state = new FoldedState(source)
      const voters = root.group?.voters.map((one) => (one.id === 'bob' ? { ...one, ...over } : one))
      const put = { ...root, group: { ...root.group, voters } } as typeof root
      state.imagine({ put, quarantine: [] })
      const about = { op: 'entry.retire', subject: { alias: alias('pay') } } as const
      return namedAuthor(state, about, { name: 'bob', at: now })?.author.id
    }
    expect(named({})).toBe('bob')
    expect(named({ status: 'suspended' })).toBeUndefined()
    expect(named({ brake: { until: unixSeconds(now + 1) } })).toBeUndefined()
    expect(named({ brake: { until: now } })).toBe('bob')
  })
})
