import { describe, expect, it } from '@jest/globals'
import type { JoinTokenFacts } from '../../src/attestation/facts.js'
import { days, hours, minutes, plus, seconds, type UnixSeconds } from '../../src/core/time.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { withoutBrake } from '../../src/namespace/brake-mark.js'
import { DraftLog } from '../../src/namespace/draft-log.js'
import { open as openEnvelope } from '../../src/namespace/dsse.js'
import { commitRecord } from '../../src/namespace/log-record.js'
import { entryState } from '../../src/namespace/entry.js'
import { grantFor } from '../../src/namespace/grant.js'
import { permit } from '../../src/namespace/permit/permit.js'
import { type BrakeStatement, readProposal } from '../../src/namespace/statements.js'
import { TestVoter } from '../support/voters.js'
import { brakeBy, brakeStatement, signedBrake, type Target } from './given-brake.js'
import { type GivenGroup, givenGroup, groupBelow } from './given-group.js'
import { codeOf, type GivenIndex, givenIndex, owner, valueOf } from './given-index.js'
import { handSigned } from './given-proposal.js'
import { replaysTheSame } from './replays-the-same.js'

const open = { mayCall: [''], mayAccept: [''], ports: [[1, 65_535]] } as never
const world: readonly ChangeRequest[] = [
  { op: 'scope.create', alias: 'shop' },
  { op: 'entry.create', alias: 'shop/web', owner, envelope: open },
  { op: 'entry.create', alias: 'shop/api', owner, envelope: open },
  {
    op: 'rule.attach',
    alias: 'shop/api',
    rule: { id: 'web', callers: ['shop/web'], ports: [8080] },
  },
]

const brake = { ttl: days(1), perWeek: 3 }

const one = { narrowing: 100, routine: 100, sensitive: 100, structural: 100, emergency: 100 }
const ones = { narrowing: 1, routine: 1, sensitive: 1, structural: 1, emergency: 1 }

const givenShop = (more: object = {}): Promise<GivenGroup> =>
  givenGroup({ brake, ...more }, ...world)

const brakes = (
  given: GivenGroup,
  by: readonly TestVoter[],
  target: Target,
  more: Partial<BrakeStatement> = {},
) => given.index.submitBrake(brakeBy(given.index.state, by, target, { at: given.now(), ...more }))

const certificate = (given: GivenIndex, at: UnixSeconds) => {
  const facts: JoinTokenFacts = {
    kind: 'join-token',
    entry: given.entry('shop/web').uid,
    tokenId: 't1',
  }
  return grantFor(given.index.state, facts, at)
}

const call = (given: GivenIndex, at: UnixSeconds) =>
  permit(given.index.state, {
    caller: given.entry('shop/web').uid,
    callee: given.entry('shop/api').uid,
    port: 8080,
    at,
  })

describe('a brake', () => {
  it('on an entry takes certificates and calls away at once, and ends by the time alone', async () => {
    const given = await givenShop()
    const before = given.index.state.size
    const view = valueOf(await brakes(given, [given.ann], { alias: 'shop/web' }))
    expect(view).toMatchObject({ standing: 'in-effect', by: ['ann'], until: view.at + hours(2) })
    expect(given.index.state.size).toBe(before + 1)
    const last = plus(view.until, seconds(-1))
    const refused = certificate(given, last)
    expect(codeOf(refused)).toBe('grant.braked')
    expect(refused).toMatchObject({
      refusal: { next: expect.stringContaining('capstan brake lift shop/web') as unknown },
    })
    expect(call(given, last)).toMatchObject({ allowed: false, condition: 'inactive' })
    expect(entryState(given.entry('shop/web'), last)).toBe('suspended')
    // No record, and no process.
    expect(codeOf(certificate(given, view.until))).toBe('ok')
    expect(call(given, view.until)).toMatchObject({ allowed: true })
    expect(given.index.state.size).toBe(before + 1)
    given.clock.set(view.until)
    expect(await given.index.brakes()).toMatchObject([{ standing: 'over' }])
    await replaysTheSame(given)
  })

  it('on a scope stops everything below it, and who decides stays', async () => {
    const given = await givenShop()
    const below = [new TestVoter('mal'), new TestVoter('dan'), new TestVoter('eve')]
    await groupBelow(given, 'shop', below)
    const view = valueOf(await brakes(given, [given.bob], { alias: 'shop' }))
    expect(codeOf(certificate(given, given.now()))).toBe('grant.braked')
    expect(call(given, given.now())).toMatchObject({ condition: 'inactive', by: { alias: 'shop' } })
    const created = await given.codeFor({ op: 'entry.create', alias: 'shop/new', owner })
    expect(created).toBe('namespace.wrong-state')
    const waits = await given.proposed({ op: 'entry.suspend', alias: 'shop/web' })
    expect(waits.open?.scope).toBe('shop')
    expect(codeOf(certificate(given, view.until))).toBe('ok')
    await replaysTheSame(given)
  })

  it('on a scope keeps everything in it that is there (attack 132)', async () => {
    const given = await givenShop()
    const below = [new TestVoter('mal'), new TestVoter('dan'), new TestVoter('eve')]
    await groupBelow(given, 'shop', below)
    await given.agreed({ op: 'scope.create', alias: 'free' })
    const moves = { op: 'entry.rename', alias: 'shop/web', to: 'free/web' } as const
    const early = await given.proposed(moves)
    const renames = { op: 'entry.rename', alias: 'shop/api', to: 'api' } as const
    const view = valueOf(await brakes(given, [given.bob], { alias: 'shop' }))
    // Those below decide about it still, and may be who the brake is about.
    for (const request of [moves, renames]) {
      expect(await given.codeFor(request)).toBe('namespace.wrong-state')
    }
    for (const voter of [...below.slice(0, 2), given.ann, given.bob]) {
      if ((await given.proposal(early.id)).standing === 'open') await given.votes(voter, early)
    }
    expect(given.entry('shop/web').alias).toBe('shop/web')
    given.clock.set(view.until)
    expect((await given.proposed(moves)).standing).toBe('open')
    await replaysTheSame(given)
  })

  it('on a rule leaves the others, and what takes its place has it too (attack 85)', async () => {
    const given = await givenShop()
    const view = valueOf(await brakes(given, [given.ann], { alias: 'shop/api', rule: 'web' }))
    expect(call(given, given.now())).toMatchObject({ condition: 'no-rule' })
    expect(codeOf(certificate(given, given.now()))).toBe('ok')
    // A narrower rule needs one voter alone.
    const rule = { id: 'web', callers: ['shop/web'], ports: [8080], until: view.until + 100 }
    const narrower = await given.proposed({ op: 'rule.replace', alias: 'shop/api', rule })
    expect((await given.votes(given.cyd, narrower)).changes).toHaveLength(1)
    expect(call(given, given.now())).toMatchObject({ condition: 'no-rule' })
    expect(call(given, view.until)).toMatchObject({ allowed: true })
    await replaysTheSame(given)
  })

  it('on a voter keeps them from yes and from proposing, and from nothing that says no', async () => {
    const given = await givenShop()
    const { index, ann, bob, cyd } = given
    const waits = await given.proposed({
      op: 'entry.update',
      alias: 'shop/web',
      owner: { controller: 'others' },
    })
    await given.votes(bob, waits)
    const view = valueOf(await brakes(given, [ann, cyd], { alias: '', voter: 'bob' }))
    // The brake changed the scope that it was made in view of.
    expect((await given.proposal(waits.id)).standing).toBe('stale')
    const asked = { op: 'entry.update', alias: 'shop/web', owner: { controller: 'x' } } as const
    const again = await given.proposed(asked)
    expect(await given.codeOfVote(bob, again)).toBe('namespace.braked')
    await given.votes(ann, again)
    expect((await given.proposal(again.id)).open?.sides?.present.outcome).toBe('undecided')
    expect(await given.codeOfVote(bob, again, 'reject')).toBe('ok')
    await given.votes(cyd, again)
    expect((await given.proposal(again.id)).standing).toBe('committed')
    const { uid, alias } = given.entry('shop/web')
    const suspends = { op: 'entry.suspend', subject: { uid, alias }, body: {} } as const
    const own = handSigned(index.state, bob, suspends, { at: given.now() })
    expect(codeOf(await index.submit([own]))).toBe('namespace.bad-signature')
    given.clock.set(view.until)
    const later = handSigned(index.state, bob, suspends, { at: given.now() })
    expect(codeOf(await index.submit([later]))).toBe('ok')
    await replaysTheSame(given)
  })

  it('does not make a quorum easier: a yes before it does not count while it lasts (attack 87)', async () => {
    const given = await givenShop()
    const { ann, bob, cyd, index } = given
    const asked = { op: 'entry.update', alias: 'shop/web', owner: { controller: 'x' } } as const
    const { uid, alias } = given.entry('shop/web')
    const operation = { op: 'entry.update', subject: { uid, alias }, body: { owner: asked.owner } }
    // Not made in view of the scopes above: the brake does not end it.
    const proposed = handSigned(index.state, cyd, operation as never, {
      at: given.now(),
      reads: [],
    })
    const { proposal } = valueOf(await index.submit([proposed]))
    await given.votes(ann, proposal)
    const view = valueOf(await brakes(given, [bob, cyd], { alias: '', voter: 'ann' }))
    await given.votes(bob, proposal)
    expect((await given.proposal(proposal.id)).standing).toBe('open')
    given.clock.set(view.until)
    // Its time is over: with the next vote it counts again.
    await given.votes(bob, proposal, 'approve', { seq: 2 })
    expect((await given.proposal(proposal.id)).standing).toBe('committed')
    await replaysTheSame(given)
  })

  it('keeps nobody from a veto (attack 86)', async () => {
    const given = await givenShop({ timelock: { sensitive: hours(4) } })
    const { ann, bob, cyd, index } = given
    const { uid, alias } = given.entry('shop/web')
    const body = { owner: { controller: 'x' } }
    const operation = { op: 'entry.update', subject: { uid, alias }, body } as const
    const proposed = handSigned(index.state, cyd, operation, { at: given.now(), reads: [] })
    const { proposal } = valueOf(await index.submit([proposed]))
    await given.votes(bob, proposal)
    await given.votes(cyd, proposal)
    expect((await given.proposal(proposal.id)).standing).toBe('scheduled')
    valueOf(await brakes(given, [bob, cyd], { alias: '', voter: 'ann' }))
    await given.votes(ann, proposal, 'reject')
    expect((await given.proposal(proposal.id)).standing).toBe('vetoed')
    await replaysTheSame(given)
  })

  it('holds in its own group for whoever is in another too (attack 133)', async () => {
    const given = await givenShop()
    const { ann, bob, cyd, index } = given
    await groupBelow(given, 'shop', [ann, new TestVoter('dan'), new TestVoter('eve')])
    const { uid, alias } = given.entry('shop/web')
    const operation = { op: 'entry.rename', subject: { uid, alias }, body: { to: 'web' } } as const
    valueOf(await brakes(given, [bob, cyd], { alias: '', voter: 'ann' }))
    const proposed = handSigned(index.state, cyd, operation as never, { at: given.now() })
    const { proposal } = valueOf(await index.submit([proposed]))
    await given.votes(ann, proposal, 'reject')
    const noes = async () => {
      const { present, second } = (await given.proposal(proposal.id)).open!.sides!
      return [present.no, second?.no]
    }
    expect(await noes()).toEqual([100, 100])
    await given.votes(ann, proposal, 'abstain', { seq: 2 })
    expect(await noes()).toEqual([0, 100])
    await given.votes(ann, proposal, 'approve', { seq: 3 })
    expect(await noes()).toEqual([0, 100])
    await replaysTheSame(given)
  })

  it.each(['vetoed', 'committed'] as const)(
    'holds what is due, which is %s then (attack 134)',
    async (end) => {
      const given = await givenShop({ timelock: { sensitive: hours(4) } })
      const { ann, bob, cyd, index } = given
      const { uid, alias } = given.entry('shop/web')
      const body = { owner: { controller: 'x' } }
      const operation = { op: 'entry.update', subject: { uid, alias }, body } as const
      const proposed = handSigned(index.state, cyd, operation, { at: given.now(), reads: [] })
      const { proposal } = valueOf(await index.submit([proposed]))
      await given.votes(bob, proposal)
      await given.votes(cyd, proposal)
      const ttl = hours(8)
      const view = valueOf(await brakes(given, [ann, cyd], { alias: '', voter: 'bob' }, { ttl }))
      given.clock.set(plus(given.now(), hours(5)))
      expect(await index.settle()).toEqual([])
      expect((await given.proposal(proposal.id)).standing).toBe('due')
      // Nothing more is said for it. Against it there is.
      expect(await given.codeOfVote(ann, proposal)).toBe('namespace.closed')
      expect(await given.codeOfVote(cyd, proposal, 'abstain', { seq: 2 })).toBe('namespace.closed')
      if (end === 'vetoed') {
        expect(await given.codeOfVote(ann, proposal, 'reject')).toBe('ok')
      }
      given.clock.set(view.until)
      // With the yes of whoever was braked, and no other.
      expect(await index.settle()).toHaveLength(end === 'committed' ? 1 : 0)
      expect((await given.proposal(proposal.id)).standing).toBe(end)
      await replaysTheSame(given)
    },
  )

  it('is lifted by as many as reactivate, and by no fewer (attack 88)', async () => {
    const given = await givenShop()
    const { ann, bob, cyd } = given
    valueOf(await brakes(given, [ann], { alias: 'shop/web' }))
    const lift = await given.proposed({ op: 'brake.lift', alias: 'shop/web' })
    expect(lift.open?.class).toBe('sensitive')
    await given.votes(ann, lift)
    expect(codeOf(certificate(given, given.now()))).toBe('grant.braked')
    await given.votes(bob, lift)
    expect(codeOf(certificate(given, given.now()))).toBe('ok')
    expect(await given.index.brakes()).toMatchObject([{ standing: 'ended' }])
    valueOf(await brakes(given, [ann, cyd], { alias: '', voter: 'bob' }))
    const back = await given.proposed({ op: 'voter.reinstate', alias: '', voter: 'bob' })
    await given.votes(ann, back)
    expect(await given.codeOfVote(bob, back)).toBe('namespace.braked')
    await given.votes(cyd, back)
    expect(given.index.state.root.group?.voters.some((voter) => 'brake' in voter)).toBe(false)
    expect(await given.codeFor({ op: 'brake.lift', alias: 'shop/web' })).toBe(
      'namespace.wrong-state',
    )
    await replaysTheSame(given)
  })

  it('stays as long as it would have when it is confirmed, and is gone when that is taken back', async () => {
    const given = await givenShop()
    const view = valueOf(await brakes(given, [given.ann], { alias: 'shop/web' }))
    const suspend = await given.proposed({ op: 'entry.suspend', alias: 'shop/web' })
    await given.votes(given.ann, suspend)
    expect(codeOf(certificate(given, view.until))).toBe('grant.not-active')
    await given.agreed({ op: 'entry.reactivate', alias: 'shop/web' })
    expect(codeOf(certificate(given, given.now()))).toBe('ok')
    await replaysTheSame(given)
  })

  it('goes with the key, whatever its voter is called in the next group (attack 89)', async () => {
    const given = await givenShop()
    const { index, ann, bob, cyd } = given
    const view = valueOf(await brakes(given, [ann, bob], { alias: '', voter: 'cyd' }))
    const { rev: _rev, ...terms } = index.state.root.group!
    const sid = Object.assign(Object.create(cyd) as TestVoter, { id: 'sid' })
    const voters = [ann, bob, sid].map((voter) => voter.voter(index.state.index, index.state.at))
    // No request says that somebody is braked, and none says that nobody is.
    const asked = { op: 'group.set', alias: '', group: { ...terms, voters } } as const
    await given.agreed(asked)
    expect(index.state.root.group?.voters[2]).toMatchObject({
      id: 'sid',
      brake: { until: view.until },
    })
    expect(codeOf(await brakes(given, [sid], { alias: 'shop/web' }))).toBe('namespace.no-vote')
    given.clock.set(view.until)
    expect(codeOf(await brakes(given, [sid], { alias: 'shop/web' }))).toBe('ok')
    await replaysTheSame(given)
  })

  it('of a solo index is the local voter’s, in one step', async () => {
    const given = await givenIndex(...world)
    const view = valueOf(
      await given.index.brake({ alias: 'shop/web', ttl: 600, reason: 'it talks to strangers' }),
    )
    expect(view).toMatchObject({ by: ['local'], reason: 'it talks to strangers' })
    expect(codeOf(certificate(given, given.clock.now()))).toBe('grant.braked')
    const [last] = valueOf(await given.index.history('shop/web' as never)).slice(-1)
    expect(last).toMatchObject({ op: 'brake', class: 'emergency', by: 'local' })
    await given.did({ op: 'brake.lift', alias: 'shop/web' })
    expect(codeOf(certificate(given, given.clock.now()))).toBe('ok')
    expect(codeOf(await given.index.brake({ alias: '', voter: 'local', ttl: 600 }))).toBe(
      'namespace.no-quorum',
    )
    expect(codeOf(await given.index.brake({ alias: 'shop/web', ttl: 86_401 }))).toBe(
      'namespace.malformed',
    )
    expect(codeOf(await given.index.verify())).toBe('ok')
  })
})

describe('a brake is refused', () => {
  it('that takes a second signature by another key of the same voter (attack 81)', async () => {
    const given = await givenShop()
    const two = { narrowing: 100, routine: 200, sensitive: 200, structural: 200, emergency: 200 }
    const both = [given.ann, given.bob, given.cyd]
    const { index, at } = given.index.state
    const second = new TestVoter('ann')
    const voters = both.map((voter) => voter.voter(index, at))
    const terms = {
      ...given.index.state.root.group,
      voters: voters.map((voter) =>
        voter.id === 'ann' ? { ...voter, keys: [...voter.keys, second.key(index, at)] } : voter,
      ),
      threshold: two,
      rev: undefined,
    }
    const group = JSON.parse(JSON.stringify(terms)) as never
    await given.agreed({ op: 'group.set', alias: '', group })
    const target = { alias: 'shop/web' }
    const state = given.index.state
    const statement = brakeStatement(state, ['ann'], target, given.now())
    const submits = async (by: readonly TestVoter[], said: BrakeStatement) =>
      codeOf(await given.index.submitBrake(signedBrake(by, said)))
    expect(await submits([given.ann], statement)).toBe('namespace.no-quorum')
    expect(await submits([given.ann, second], statement)).toBe('namespace.malformed')
    const twice = { ...statement, voters: ['ann', 'ann'] }
    expect(await submits([given.ann, second], twice)).toBe('namespace.malformed')
    const asBob = { ...statement, voters: ['ann', 'bob'] }
    expect(await submits([given.ann, second], asBob)).toBe('namespace.bad-signature')
    expect(await submits([given.ann, given.bob], asBob)).toBe('ok')
    await replaysTheSame(given)
  })

  it('that was used before, also when what it was on is as it was (attack 82)', async () => {
    const given = await givenShop()
    const target = { alias: 'shop/web' }
    const signed = brakeBy(given.index.state, [given.ann], target, { at: given.now() })
    const view = valueOf(await given.index.submitBrake(signed))
    expect(codeOf(await given.index.submitBrake(signed))).toBe('namespace.stale-base')
    await given.agreed({ op: 'brake.lift', alias: 'shop/web' })
    expect(codeOf(await given.index.submitBrake(signed))).toBe('namespace.stale-base')
    given.clock.set(view.until)
    expect(codeOf(await given.index.submitBrake(signed))).toBe('namespace.expired')
  })

  it('more often than the group agreed on in seven days, whatever became of the others (attack 28)', async () => {
    const given = await givenShop()
    const { ann, bob, cyd } = given
    const first = valueOf(await brakes(given, [ann], { alias: 'shop/web' }, { ttl: minutes(1) }))
    given.clock.set(first.until)
    valueOf(await brakes(given, [ann], { alias: 'shop/web' }, { ttl: minutes(1) }))
    await given.agreed({ op: 'brake.lift', alias: 'shop/web' })
    valueOf(await brakes(given, [ann], { alias: 'shop/web' }, { ttl: minutes(1) }))
    const fourth = () => brakes(given, [ann], { alias: 'shop/api' })
    expect(codeOf(await fourth())).toBe('namespace.too-many')
    // Nor as one of two; and whose key is used so often uses up nobody else's.
    const both = await brakes(given, [ann, bob], { alias: 'shop/api' })
    expect(codeOf(both)).toBe('namespace.too-many')
    const ofBob = valueOf(await brakes(given, [bob], { alias: 'shop/api' }, { ttl: minutes(1) }))
    given.clock.set(ofBob.until)
    valueOf(await brakes(given, [bob, cyd], { alias: 'shop/api' }, { ttl: minutes(1) }))
    await given.agreed({ op: 'brake.lift', alias: 'shop/api' })
    valueOf(await brakes(given, [bob], { alias: 'shop/api' }, { ttl: minutes(1) }))
    given.clock.set(plus(given.now(), minutes(1)))
    expect(codeOf(await brakes(given, [bob, cyd], { alias: 'shop/api' }))).toBe(
      'namespace.too-many',
    )
    expect(await given.index.brakes()).toHaveLength(6)
    given.clock.set(plus(first.at, days(7)))
    expect(codeOf(await fourth())).toBe('ok')
    await replaysTheSame(given)
  })

  it('of whose votes do not count: a stranger, the suspended, the braked, an older group (attack 83)', async () => {
    const given = await givenShop()
    const { index, ann, bob, cyd } = given
    const mal = new TestVoter('mal')
    const target = { alias: 'shop/web' }
    expect(codeOf(await brakes(given, [mal], target))).toBe('namespace.no-vote')
    const ofAnn = brakeStatement(index.state, ['ann'], target, given.now())
    expect(codeOf(await index.submitBrake(signedBrake([mal], ofAnn)))).toBe(
      'namespace.bad-signature',
    )
    const early = brakeStatement(index.state, ['cyd'], target, given.now())
    valueOf(await brakes(given, [ann, bob], { alias: '', voter: 'cyd' }))
    expect(codeOf(await brakes(given, [cyd], target))).toBe('namespace.no-vote')
    expect(codeOf(await index.submitBrake(signedBrake([cyd], early)))).toBe('namespace.no-vote')
    const { rev: _rev, ...terms } = index.state.root.group!
    const plain = terms.voters.map(({ brake: _on, ...voter }) => voter)
    const old = brakeStatement(index.state, ['bob'], target, given.now())
    const suspended = plain.map((voter) =>
      voter.id === 'bob' ? { ...voter, status: 'suspended' as const } : voter,
    )
    const asked = { ...terms, voters: suspended, acceptsSinglePointOfLoss: true } as const
    const change = await given.proposed({ op: 'group.set', alias: '', group: asked })
    await given.votes(ann, change)
    await given.votes(bob, change)
    // Whoever was braked still is, in the new group.
    const group = { ...index.state.root.group! }
    expect((await given.proposal(change.id)).standing).toBe('open')
    expect(group.rev).toBe(old.scope.rev)
    given.clock.set(plus(given.now(), hours(3)))
    await given.votes(cyd, change)
    expect((await given.proposal(change.id)).standing).toBe('committed')
    expect(codeOf(await brakes(given, [bob], target))).toBe('namespace.no-vote')
    expect(codeOf(await brakes(given, [ann], target, { scope: old.scope }))).toBe(
      'namespace.not-responsible',
    )
    await replaysTheSame(given)
  })

  it('that would widen: a guard is no rule, and what is suspended is not braked (attack 27)', async () => {
    const given = await givenShop()
    const { ann } = given
    const guard = { id: 'none', effect: 'forbid', callers: ['shop/web'] } as const
    const guarded = await given.proposed({ op: 'guard.set', alias: 'shop', guard } as never)
    await given.votes(ann, guarded)
    expect(call(given, given.now())).toMatchObject({ condition: 'guard' })
    expect(codeOf(await brakes(given, [ann], { alias: 'shop', rule: 'none' }))).toBe(
      'namespace.unknown',
    )
    expect(codeOf(await brakes(given, [ann], { alias: 'shop/api', rule: 'none' }))).toBe(
      'namespace.unknown',
    )
    const ofGuard = brakeStatement(given.index.state, ['ann'], { alias: 'shop' }, given.now())
    const said = { ...ofGuard, guard: 'none' } as never
    expect(codeOf(await given.index.submitBrake(signedBrake([ann], said)))).toBe(
      'namespace.malformed',
    )
    const off = await given.proposed({ op: 'entry.suspend', alias: 'shop/web' })
    await given.votes(ann, off)
    expect(codeOf(await brakes(given, [ann], { alias: 'shop/web' }))).toBe('namespace.wrong-state')
    expect(call(given, given.now())).toMatchObject({ allowed: false })
  })

  it('and so is what a braked voter decides at once (attack 90)', async () => {
    const given = await givenGroup({ brake }, ...world)
    const { index, ann, bob, deps } = given
    const { index: id, at } = index.state
    // Ann decides alone; bob may narrow.
    const voters = [ann.voter(id, at, 100), bob.voter(id, at, 1)]
    const group = { solo: true, voters, brake, threshold: { ...one, narrowing: 1, emergency: 1 } }
    const asked = { op: 'group.set', alias: '', group: { ...group, minControllers: ones } } as const
    await given.agreed(asked)
    expect(index.state.solo).toBe(true)
    const record = (): string => {
      const { state } = index
      const { uid, alias } = given.entry('shop/web')
      const operation = { op: 'entry.suspend', subject: { uid, alias }, body: {} } as const
      const now = given.now()
      const proposed = handSigned(state, bob, operation, { at: now, reads: [] })
      const statement = openEnvelope(proposed)!
      const proposal = readProposal(statement)!
      const log = { size: state.size, head: state.head }
      const view = { id: 'x', digest: statement.digest, record: 0, proposal, open: { head: '' } }
      const vote = bob.vote(view as never, 'approve', now, { log })
      const before = given.entry('shop/web')
      const put = { ...withoutBrake(before), state: 'suspended', rev: before.rev + 1 } as const
      const made = commitRecord(state, {
        ...{ at: now, before, put, changeClass: 'narrowing', group: proposal.scope },
        ...{ prop: statement.digest, votes: [openEnvelope(vote)!.digest] },
      })
      return codeOf(new DraftLog(deps.store.state).add(made, [proposed, vote]))
    }
    expect(record()).toBe('ok')
    const view = valueOf(await brakes(given, [ann], { alias: '', voter: 'bob' }))
    expect(record()).toBe('namespace.bad-signature')
    given.clock.set(view.until)
    expect(record()).toBe('ok')
  })

  it('that would leave nobody to lift it (attack 84)', async () => {
    const given = await givenShop()
    const { ann, cyd } = given
    valueOf(await brakes(given, [ann, cyd], { alias: '', voter: 'bob' }))
    expect(codeOf(await brakes(given, [ann, cyd], { alias: '', voter: 'cyd' }))).toBe(
      'namespace.no-quorum',
    )
  })

  it('by one of three who strikes first (attack 131)', async () => {
    const given = await givenShop()
    const { ann, cyd } = given
    const onBob = { alias: '', voter: 'bob' }
    expect(codeOf(await brakes(given, [ann], onBob))).toBe('namespace.no-quorum')
    // Two decide: they could put him out of the group as well.
    valueOf(await brakes(given, [ann, cyd], onBob))
    const five = await givenGroup({}, ...world)
    const more = [new TestVoter('dan'), new TestVoter('eve')]
    const { index: id, at } = five.index.state
    const voters = [five.ann, five.bob, five.cyd, ...more].map((voter) => voter.voter(id, at))
    const { rev: _rev, ...terms } = five.index.state.root.group!
    const threshold = { ...terms.threshold, routine: 251, sensitive: 251, structural: 334 }
    const set = await five.proposed({
      op: 'group.set',
      alias: '',
      group: {
        ...terms,
        brake,
        threshold: { ...threshold, narrowing: 100, emergency: 100 },
        voters,
      },
    })
    for (const voter of [five.ann, five.bob, five.cyd, ...more]) {
      if ((await five.proposal(set.id)).standing === 'open') await five.votes(voter, set)
    }
    expect(five.index.state.root.group?.voters).toHaveLength(5)
    // Of five the three others are a quorum without her; two of them are not.
    valueOf(await brakes(five, [five.ann], onBob))
    const onCyd = { alias: '', voter: 'cyd' }
    expect(codeOf(await brakes(five, [five.ann], onCyd))).toBe('namespace.no-quorum')
    expect(codeOf(await brakes(five, [more[0]!], onCyd))).toBe('namespace.no-quorum')
    await replaysTheSame(five)
  })

  it('that is of another time, another index, too long, or of a group without one', async () => {
    const given = await givenShop({ brake: { ttl: hours(1), perWeek: 3 } })
    const target = { alias: 'shop/web' }
    const refused = async (more: Partial<BrakeStatement>) =>
      codeOf(await brakes(given, [given.ann], target, { ttl: hours(1), ...more }))
    const now = given.now()
    expect(await refused({ created: plus(now, hours(1)) })).toBe('namespace.expired')
    expect(await refused({ expires: plus(now, seconds(-1)) })).toBe('namespace.expired')
    expect(await refused({ expires: plus(now, days(2)) })).toBe('namespace.expired')
    expect(await refused({ index: 'f'.repeat(64) })).toBe('namespace.wrong-index')
    expect(await refused({ ttl: hours(2) })).toBe('namespace.malformed')
    expect(await refused({ ttl: seconds(59) })).toBe('namespace.malformed')
    expect(await refused({})).toBe('ok')
    const threshold = { ...given.index.state.root.group!.threshold, emergency: 300 }
    const without = await givenGroup({ threshold }, ...world)
    expect(codeOf(await brakes(without, [without.ann], target))).toBe('namespace.no-brake')
  })
})
