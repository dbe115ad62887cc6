import { describe, expect, it } from '@jest/globals'
import type { JoinTokenFacts } from '../../src/attestation/facts.js'
import type { Alias } from '../../src/core/alias.js'
import {
  days,
  hours,
  minutes,
  plus,
  type Seconds,
  seconds,
  type UnixSeconds,
} from '../../src/core/time.js'
import { RATIFY_WITHIN } from '../../src/namespace/emergency/emergency.js'
import type { InvocationStatement } from '../../src/namespace/emergency/emergency-statements.js'
import { grantFor } from '../../src/namespace/grant.js'
import type { GroupRequest } from '../../src/namespace/operation.js'
import { permit } from '../../src/namespace/permit/permit.js'
import { permissionsBetween } from '../../src/namespace/permit/permissions.js'
import { TestVoter } from '../support/voters.js'
import { brakeBy, type Target } from './given-brake.js'
import {
  type AskedUse,
  type GivenEmergency,
  givenEmergency,
  invocation,
  invocationBy,
  onCall,
  signedInvocation,
} from './given-emergency.js'
import { groupBelow } from './given-group.js'
import { replaysTheSame } from './replays-the-same.js'
import { codeOf, owner, valueOf } from './given-index.js'

const uses = (
  given: GivenEmergency,
  by: readonly TestVoter[],
  asked: AskedUse,
  more: Partial<InvocationStatement> = {},
) => given.index.invokeEmergency(invocationBy(given, by, asked, more))

const call = (given: GivenEmergency, at: UnixSeconds, port = 8080) =>
  permit(given.index.state, {
    caller: given.entry('shop/web').uid,
    callee: given.entry('shop/api').uid,
    port,
    at,
  })

const certificate = (given: GivenEmergency, at: UnixSeconds, alias = 'shop/web') => {
  const facts: JoinTokenFacts = {
    kind: 'join-token',
    entry: given.entry(alias).uid,
    tokenId: 't1',
  }
  return grantFor(given.index.state, facts, at)
}

const brakes = async (
  given: GivenEmergency,
  by: readonly TestVoter[],
  target: Target,
  ttl: Seconds = hours(2),
) =>
  valueOf(
    await given.index.submitBrake(brakeBy(given.index.state, by, target, { at: given.now(), ttl })),
  )

const allow = { alias: 'shop/api', act: 'allow' } as const
const reactivate = { alias: 'shop/web', act: 'reactivate' } as const
const suspend = { op: 'entry.suspend', alias: 'shop/web' } as const

const suspends = async (given: GivenEmergency) =>
  given.votes(given.bob, await given.proposed(suspend))

const ratifies = async (given: GivenEmergency, use: number): Promise<string> => {
  const made = await given.index.change({ op: 'emergency.ratify', alias: '', use })
  if (!made.ok || made.value.kind !== 'waits') return codeOf(made)
  const proposal = await given.proposal(made.value.proposal)
  await given.votes(given.bob, proposal)
  await given.votes(given.cyd, proposal)
  return (await given.proposal(proposal.id)).standing
}

/** The group again, but for what is said of it. */
const setsGroup = async (
  given: GivenEmergency,
  { emergency }: { readonly emergency: GroupRequest['emergency'] | undefined },
) => {
  const { rev: _rev, emergency: _grants, ...group } = given.index.state.root.group!
  await given.agreed({
    op: 'group.set',
    alias: '',
    group: { ...group, ...(emergency !== undefined && { emergency }) },
  })
}

const standing = async (given: GivenEmergency, name = 'oncall') =>
  (await given.index.emergencyGrants()).find(({ grant }) => grant.name === name)?.standing

describe('an emergency grant', () => {
  it('allows a call at once, and ends by the time alone (invariant 28)', async () => {
    const given = await givenEmergency()
    expect(call(given, given.now())).toMatchObject({ allowed: false, condition: 'no-rule' })
    const used = valueOf(await uses(given, [given.h1], allow))
    expect(used).toMatchObject({ grant: 'oncall', scope: '', until: given.now() + hours(1) })
    const { size } = given.index.state
    const last = plus(used.until, seconds(-1))
    expect(call(given, last)).toMatchObject({ allowed: true })
    expect(call(given, last, 8081)).toMatchObject({ allowed: false, condition: 'port' })
    expect(call(given, used.until)).toMatchObject({ allowed: false })
    // No record, and no process.
    expect(given.index.state.size).toBe(size)
    const [web, api] = [given.entry('shop/web'), given.entry('shop/api')]
    const [permission] = permissionsBetween(given.index.state, web, api, given.now())
    expect(permission).toMatchObject({ until: used.until })
    await replaysTheSame(given)
  })

  it('allows it within the ceilings and guards that there are, and not beside them', async () => {
    const given = await givenEmergency()
    const envelope = { mayCall: ['other' as Alias] }
    await given.votes(
      given.ann,
      await given.proposed({ op: 'envelope.set', alias: 'shop/web', envelope }),
    )
    valueOf(await uses(given, [given.h1], allow))
    expect(call(given, given.now())).toMatchObject({ condition: 'may-call' })
    const guarded = await givenEmergency()
    const callers = ['shop/web' as Alias]
    const guard = { id: 'g', effect: 'forbid', callers } as const
    await guarded.votes(
      guarded.ann,
      await guarded.proposed({ op: 'guard.set', alias: 'shop', guard }),
    )
    valueOf(await uses(guarded, [guarded.h1], allow))
    expect(call(guarded, guarded.now())).toMatchObject({ condition: 'guard' })
    const narrow = await givenEmergency()
    await narrow.votes(
      narrow.ann,
      await narrow.proposed({
        op: 'envelope.set',
        alias: 'shop/api',
        envelope: { mayAccept: ['other' as Alias] },
      }),
    )
    expect(codeOf(await uses(narrow, [narrow.h1], allow))).toBe('namespace.envelope-exceeds-parent')
  })

  it('reactivates what a vote suspended; no certificate outlives it (invariant 28)', async () => {
    const given = await givenEmergency()
    await suspends(given)
    expect(codeOf(certificate(given, given.now()))).toBe('grant.not-active')
    const { until } = valueOf(await uses(given, [given.ann], reactivate))
    const early = valueOf(certificate(given, given.now()))
    expect(early.maxTtl).toBe(hours(1))
    const last = plus(until, seconds(-1))
    expect(valueOf(certificate(given, last)).maxTtl).toBe(1)
    expect(codeOf(certificate(given, until))).toBe('grant.not-active')
    await replaysTheSame(given)
  })

  it('stops while a brake lasts, and goes on for what is left of it', async () => {
    const given = await givenEmergency()
    await suspends(given)
    const { until } = valueOf(await uses(given, [given.h1], reactivate))
    const brake = await brakes(given, [given.bob], { alias: 'shop/web' }, minutes(10))
    const last = plus(brake.until, seconds(-1))
    expect(codeOf(certificate(given, last))).toBe('grant.braked')
    expect(valueOf(certificate(given, brake.until)).maxTtl).toBe(until - brake.until)
    expect(codeOf(certificate(given, until))).toBe('grant.not-active')
    const ruled = await givenEmergency()
    const used = valueOf(await uses(ruled, [ruled.h1], allow))
    const [rule] = ruled.entry('shop/api').rules
    const on = { alias: 'shop/api', rule: rule!.id }
    const short = await brakes(ruled, [ruled.bob], on, minutes(10))
    expect(call(ruled, plus(short.until, seconds(-1))).allowed).toBe(false)
    expect(call(ruled, short.until).allowed).toBe(true)
    expect(call(ruled, used.until).allowed).toBe(false)
    for (const one of [given, ruled]) await replaysTheSame(one)
  })

  it('is over when voters suspend the entry, or take the rule away', async () => {
    const voted = await givenEmergency()
    await suspends(voted)
    valueOf(await uses(voted, [voted.h1], reactivate))
    await suspends(voted)
    expect(codeOf(certificate(voted, voted.now()))).toBe('grant.not-active')
    const ruled = await givenEmergency()
    valueOf(await uses(ruled, [ruled.h1], allow))
    const [rule] = ruled.entry('shop/api').rules
    await ruled.votes(
      ruled.cyd,
      await ruled.proposed({ op: 'rule.detach', alias: 'shop/api', rule: rule!.id }),
    )
    expect(call(ruled, ruled.now()).allowed).toBe(false)
    for (const one of [voted, ruled]) await replaysTheSame(one)
  })

  it('lasts when voters reactivate the entry', async () => {
    const given = await givenEmergency()
    await suspends(given)
    const { until } = valueOf(await uses(given, [given.h1], reactivate))
    await given.agreed({ op: 'entry.reactivate', alias: 'shop/web' })
    expect(given.entry('shop/web')).not.toHaveProperty('emergency')
    expect(valueOf(certificate(given, until)).maxTtl).toBe(days(1))
  })

  it('takes no brake away, on an entry or a rule, also where the entry was suspended since (attack 181)', async () => {
    const given = await givenEmergency()
    await brakes(given, [given.bob], { alias: 'shop/web' })
    expect(codeOf(await uses(given, [given.h1], reactivate))).toBe('namespace.braked')
    await suspends(given)
    expect(codeOf(await uses(given, [given.h1], reactivate))).toBe('namespace.braked')
    given.clock.set(plus(given.now(), hours(3)))
    expect(codeOf(await uses(given, [given.h1], reactivate))).toBe('namespace.braked')
    await given.agreed({ op: 'entry.reactivate', alias: 'shop/web' })
    await suspends(given)
    expect(codeOf(await uses(given, [given.h1], reactivate))).toBe('ok')
    const ruled = await givenEmergency({}, undefined, {
      op: 'rule.attach',
      alias: 'shop/api',
      rule: { id: 'web', callers: ['shop/web'], ports: [8080] },
    })
    await brakes(ruled, [ruled.bob], { alias: 'shop/api', rule: 'web' })
    expect(codeOf(await uses(ruled, [ruled.h1], allow))).toBe('namespace.braked')
    await replaysTheSame(given)
  })

  it('brings back nothing that a brake was on, also where one voter detached it since (attack 181)', async () => {
    const rule = { callers: ['shop/web'], ports: [8080] }
    const given = await givenEmergency(
      {},
      undefined,
      ...['web', 'too'].map(
        (id) => ({ op: 'rule.attach', alias: 'shop/api', rule: { id, ...rule } }) as const,
      ),
    )
    const detaches = async (by: TestVoter, id: string) =>
      given.votes(by, await given.proposed({ op: 'rule.detach', alias: 'shop/api', rule: id }))
    const long = await brakes(given, [given.bob], { alias: 'shop/api', rule: 'web' })
    await brakes(given, [given.bob], { alias: 'shop/api', rule: 'too' }, minutes(10))
    await detaches(given.ann, 'web')
    await detaches(given.ann, 'too')
    expect(codeOf(await uses(given, [given.ann], allow))).toBe('namespace.braked')
    expect(codeOf(await uses(given, [given.ann], allow, { drill: true }))).toBe('namespace.braked')
    given.clock.set(plus(long.until, seconds(-1)))
    expect(codeOf(await uses(given, [given.ann], allow))).toBe('namespace.braked')
    expect(call(given, given.now()).allowed).toBe(false)
    given.clock.set(long.until)
    expect(given.entry('shop/api').heldUntil).toBe(long.until)
    const used = valueOf(await uses(given, [given.ann], allow))
    expect(given.entry('shop/api')).not.toHaveProperty('heldUntil')
    // What the grant gave is no way round either.
    const [made] = given.entry('shop/api').rules
    await brakes(given, [given.bob], { alias: 'shop/api', rule: made!.id })
    await detaches(given.ann, made!.id)
    expect(codeOf(await uses(given, [given.bob, given.h1], { ...allow, grant: 'pair' }))).toBe(
      'namespace.braked',
    )
    expect(call(given, used.at).allowed).toBe(false)
    await replaysTheSame(given)
  })

  it('is not held by a brake that is over, nor the other act, nor without grants', async () => {
    const attach = {
      op: 'rule.attach',
      alias: 'shop/api',
      rule: { id: 'web', callers: ['shop/web'], ports: [8080] },
    } as const
    const given = await givenEmergency({}, undefined, attach)
    const detach = { op: 'rule.detach', alias: 'shop/api', rule: 'web' } as const
    const on = { alias: 'shop/api', rule: 'web' }
    given.clock.set((await brakes(given, [given.bob], on)).until)
    await given.votes(given.ann, await given.proposed(detach))
    expect(given.entry('shop/api')).not.toHaveProperty('heldUntil')
    const other = await givenEmergency({}, undefined, attach)
    await brakes(other, [other.bob], on)
    await other.votes(other.ann, await other.proposed(detach))
    const stop = { op: 'entry.suspend', alias: 'shop/api' } as const
    await other.votes(other.ann, await other.proposed(stop))
    expect(codeOf(await uses(other, [other.h1], { ...reactivate, alias: 'shop/api' }))).toBe('ok')
    const bare = await givenEmergency({}, undefined, attach)
    await setsGroup(bare, { emergency: null })
    await brakes(bare, [bare.bob], on)
    await bare.votes(bare.ann, await bare.proposed(detach))
    expect(bare.entry('shop/api')).not.toHaveProperty('heldUntil')
    for (const one of [given, other, bare]) await replaysTheSame(one)
  })

  it('touches no scope, no group and no other entry, whatever is asked of it (attack 38)', async () => {
    const given = await givenEmergency()
    const { scopes, entries } = given.index.state
    const before = [...scopes.values()]
    const others = [given.entry('other'), given.entry('shop/web')]
    valueOf(await uses(given, [given.h1], allow))
    expect([...given.index.state.scopes.values()]).toEqual(before)
    expect([given.entry('other'), given.entry('shop/web')]).toEqual(others)
    expect(entries).toBeDefined()
    const asked = invocation(given, [given.h1], allow)
    const mal = new TestVoter('mal').voter(given.index.state.index, given.now())
    for (const more of [
      { act: 'group.set', body: { voters: [mal] } },
      { act: 'guard.clear' },
      { act: 'envelope.set' },
      { voters: [mal] },
      { call: { ...asked.call, caller: { subtree: '' } } },
      { call: { ...asked.call, from: 0, until: 4_000_000_000 } },
    ]) {
      const signed = signedInvocation([given.h1], { ...asked, ...more } as never)
      expect(codeOf(await given.index.invokeEmergency(signed))).toBe('namespace.malformed')
    }
    const { root } = given.index.state
    const ofScope = { subject: { alias: root.alias, uid: root.uid } }
    expect(codeOf(await uses(given, [given.h1], allow, ofScope))).toBe('namespace.unknown')
  })
})

describe('a grant is not used', () => {
  const cases: readonly (readonly [
    string,
    string,
    (given: GivenEmergency) => ReturnType<typeof uses>,
  ])[] = [
    ['by whom it does not name', 'namespace.no-vote', (given) => uses(given, [given.cyd], allow)],
    [
      'by who calls themselves so',
      'namespace.bad-signature',
      (given) => uses(given, [new TestVoter('h1')], allow),
    ],
    [
      'by fewer people than it takes',
      'namespace.no-quorum',
      (given) => uses(given, [given.h2], { ...allow, grant: 'pair' }),
    ],
    [
      'with one key twice',
      'namespace.malformed',
      (given) => {
        const statement = invocation(given, [given.h1, given.h2], { ...allow, grant: 'pair' })
        return given.index.invokeEmergency(signedInvocation([given.h1], statement))
      },
    ],
    [
      'for what it is not for',
      'namespace.no-grant',
      (given) => uses(given, [given.h1, given.h2], { ...reactivate, grant: 'pair' }),
    ],
    [
      'for what is not under it',
      'namespace.no-grant',
      (given) => uses(given, [given.h1], { alias: 'other', act: 'allow' }),
    ],
    [
      'longer than it says',
      'namespace.no-grant',
      (given) => uses(given, [given.h1], allow, { ttl: hours(3) }),
    ],
    [
      'longer than any may be',
      'namespace.malformed',
      (given) => uses(given, [given.h1], allow, { ttl: hours(5) }),
    ],
    [
      'that nobody voted about',
      'namespace.no-grant',
      (given) => uses(given, [given.h1], { ...allow, grant: 'root' }),
    ],
    [
      'on another base',
      'namespace.stale-base',
      (given) => uses(given, [given.h1], allow, { base: { rev: 1, head: 'a'.repeat(64) } }),
    ],
    [
      'of another index',
      'namespace.wrong-index',
      (given) => uses(given, [given.h1], allow, { index: 'a'.repeat(64) }),
    ],
    [
      'of a group before',
      'namespace.not-responsible',
      (given) =>
        uses(given, [given.h1], allow, {
          scope: { uid: given.index.state.root.uid, rev: 1 },
        }),
    ],
    [
      'on what is not suspended',
      'namespace.wrong-state',
      (given) => uses(given, [given.h1], reactivate),
    ],
    [
      'without a reason',
      'namespace.malformed',
      (given) => uses(given, [given.h1], allow, { reason: '' }),
    ],
  ]

  it.each(cases)('%s: %s (attack 182)', async (_, code, tried) => {
    const given = await givenEmergency()
    const { size } = given.index.state
    expect(codeOf(await tried(given))).toBe(code)
    expect(given.index.state.size).toBe(size)
  })

  it('by a voter on whom a brake is (attack 183)', async () => {
    const given = await givenEmergency()
    await brakes(given, [given.bob, given.cyd], { alias: '', voter: 'ann' })
    expect(codeOf(await uses(given, [given.ann], allow))).toBe('namespace.no-vote')
    expect(codeOf(await uses(given, [given.h1], allow))).toBe('ok')
  })

  it('on what others decide about, and what was signed is used once (attack 184)', async () => {
    const given = await givenEmergency()
    const signed = invocationBy(given, [given.h1], allow)
    valueOf(await given.index.invokeEmergency(signed))
    expect(codeOf(await given.index.invokeEmergency(signed))).toBe('namespace.stale-base')
    const below = [new TestVoter('mal'), new TestVoter('nia'), new TestVoter('oli')]
    const other = await givenEmergency()
    const about = invocation(other, [other.h1], allow)
    await groupBelow(other, 'shop', below)
    const { rev, head } = other.entry('shop/api')
    const again = signedInvocation([other.h1], { ...about, base: { rev, head } })
    expect(codeOf(await other.index.invokeEmergency(again))).toBe('namespace.not-responsible')
  })
})

describe('uses of a grant', () => {
  it('have a time between them and an end, whoever uses it (invariant 36, attack 185)', async () => {
    const given = await givenEmergency()
    for (let use = 0; use < onCall.uses; use += 1) {
      const { seq, until } = valueOf(await uses(given, [given.h1], allow))
      expect(await standing(given)).toBe('in-use')
      expect(codeOf(await uses(given, [given.ann], allow))).toBe('namespace.grant-spent')
      expect(await ratifies(given, seq)).toBe('committed')
      given.clock.set(plus(until, seconds(onCall.coolDown - 1)))
      expect(codeOf(await uses(given, [given.ann], allow))).toBe('namespace.grant-spent')
      given.clock.set(plus(until, onCall.coolDown))
    }
    expect(await standing(given)).toBe('used-up')
    expect(codeOf(await uses(given, [given.h1], allow))).toBe('namespace.grant-spent')
    // What ended is swept with the next one.
    expect(given.entry('shop/api').rules).toHaveLength(1)
    await setsGroup(given, { emergency: undefined })
    expect(await standing(given)).toBe('used-up')
    // In another order it is the same grant; by another name it is another.
    const { grants, ...holders } = given.index.state.root.group!.emergency!
    const who = [...onCall.who].reverse()
    await setsGroup(given, { emergency: { ...holders, grants: [{ ...onCall, who }, grants[1]!] } })
    expect(codeOf(await uses(given, [given.h1], allow))).toBe('namespace.grant-spent')
    const again = { ...onCall, name: 'oncall-2' }
    await setsGroup(given, { emergency: { ...holders, grants: [again, grants[1]!] } })
    expect(codeOf(await uses(given, [given.h1], { ...allow, grant: 'oncall-2' }))).toBe('ok')
    await replaysTheSame(given)
  })

  it('are not made fresh, nor forgotten, by any other change of the group (attack 185)', async () => {
    const given = await givenEmergency()
    const { seq, at, until } = valueOf(await uses(given, [given.h1], allow))
    await setsGroup(given, { emergency: undefined })
    expect(await standing(given)).toBe('in-use')
    given.clock.set(until)
    expect(codeOf(await uses(given, [given.h1], allow))).toBe('namespace.grant-spent')
    const { emergency } = given.index.state.root.group!
    await setsGroup(given, { emergency: null })
    expect(await standing(given)).toBeUndefined()
    given.clock.set(plus(at, RATIFY_WITHIN))
    await setsGroup(given, { emergency })
    expect(await standing(given)).toBe('disabled')
    expect(codeOf(await uses(given, [given.h1], allow))).toBe('namespace.grant-spent')
    expect(await ratifies(given, seq)).toBe('namespace.grant-spent')
    await replaysTheSame(given)
    const other = await givenEmergency()
    const used = valueOf(await uses(other, [other.h1], allow))
    await setsGroup(other, { emergency: null })
    expect(await ratifies(other, used.seq)).toBe('committed')
  })

  it('are told of while they run or wait, also where their grant says something else since', async () => {
    const given = await givenEmergency()
    const { seq, at, until } = valueOf(await uses(given, [given.h1], allow))
    const told = async () => (await given.index.formerUses()).map((use) => [use.grant, use.seq])
    expect(await told()).toEqual([])
    const { grants, ...holders } = given.index.state.root.group!.emergency!
    const other = { ...onCall, uses: 4 }
    await setsGroup(given, { emergency: { ...holders, grants: [other, grants[1]!] } })
    expect(await standing(given)).toBe('ready')
    expect(await told()).toEqual([['oncall', seq]])
    expect(await ratifies(given, seq)).toBe('committed')
    expect(await told()).toEqual([['oncall', seq]])
    given.clock.set(until)
    expect(await told()).toEqual([])
    const late = await givenEmergency()
    valueOf(await uses(late, [late.h1], allow))
    await setsGroup(late, { emergency: null })
    late.clock.set(plus(at, seconds(RATIFY_WITHIN - 1)))
    expect(await late.index.formerUses()).toHaveLength(1)
    late.clock.set(plus(at, RATIFY_WITHIN))
    expect(await late.index.formerUses()).toEqual([])
  })

  it('that nobody ratifies within a day disable the grant, for good (attack 186)', async () => {
    const given = await givenEmergency()
    const { seq, at } = valueOf(await uses(given, [given.h1], allow))
    given.clock.set(plus(at, seconds(RATIFY_WITHIN - 1)))
    expect(await standing(given)).toBe('ready')
    given.clock.set(plus(at, RATIFY_WITHIN))
    expect(await standing(given)).toBe('disabled')
    expect(codeOf(await uses(given, [given.h1], allow))).toBe('namespace.grant-spent')
    expect(await ratifies(given, seq)).toBe('namespace.grant-spent')
    expect(await standing(given, 'pair')).toBe('ready')
    await replaysTheSame(given)
  })

  it('are ratified by a quorum, once, and each by its own record', async () => {
    const given = await givenEmergency()
    const { seq } = valueOf(await uses(given, [given.h1], allow))
    expect(await ratifies(given, seq - 1)).toBe('namespace.unknown')
    const made = valueOf(await given.index.change({ op: 'emergency.ratify', alias: '', use: seq }))
    if (made.kind !== 'waits') throw new Error('one decided alone')
    const proposal = await given.proposal(made.proposal)
    await given.votes(given.ann, proposal)
    expect((await given.index.emergencyGrants())[0]?.uses[0]?.ratified).toBe(false)
    await given.votes(given.bob, proposal)
    expect((await given.index.emergencyGrants())[0]?.uses[0]?.ratified).toBe(true)
    expect(await ratifies(given, seq)).toBe('namespace.wrong-state')
    await replaysTheSame(given)
  })

  it('are drilled without any effect, once a day', async () => {
    const given = await givenEmergency()
    const { entries, scopes } = given.index.state
    const before = [[...entries.range()], [...scopes.range()]]
    const drill = { drill: true } as const
    expect(valueOf(await uses(given, [given.h1], allow, drill))).toMatchObject({ drill: true })
    expect([[...given.index.state.entries.range()], [...given.index.state.scopes.range()]]).toEqual(
      before,
    )
    expect(call(given, given.now()).allowed).toBe(false)
    expect(await given.index.emergencyGrants()).toMatchObject([
      { standing: 'ready', uses: [], drilled: given.now() },
      { standing: 'ready' },
    ])
    expect(codeOf(await uses(given, [given.ann], reactivate, drill))).toBe('namespace.too-many')
    given.clock.set(plus(given.now(), days(1)))
    expect(codeOf(await uses(given, [given.ann], reactivate, drill))).toBe('ok')
    const stranger = await uses(given, [given.cyd], allow, drill)
    expect(codeOf(stranger)).toBe('namespace.no-vote')
    // In other words it is another grant, which nobody has drilled.
    const { grants, ...holders } = given.index.state.root.group!.emergency!
    const other = { ...onCall, who: ['cyd', 'h1'] }
    await setsGroup(given, { emergency: { ...holders, grants: [other, grants[1]!] } })
    expect((await given.index.emergencyGrants())[0]).not.toHaveProperty('drilled')
    expect(codeOf(await uses(given, [given.cyd], allow, drill))).toBe('ok')
    expect((await given.index.emergencyGrants())[0]).toMatchObject({ drilled: given.now() })
    await replaysTheSame(given)
  })

  it('are in the history of the entry, with who signed', async () => {
    const given = await givenEmergency()
    valueOf(await uses(given, [given.h1, given.bob], { ...allow, grant: 'pair' }))
    const history = valueOf(await given.index.history('shop/api' as Alias))
    expect(history.at(-1)).toMatchObject({
      op: 'emergency.invoke',
      votes: ['approve: bob, h1'],
      reason: 'incident 7',
      class: 'emergency',
    })
    const rule = given.entry('shop/api').rules[0]!
    const authorised = await given.index.authorisation(given.entry('shop/api').uid, rule.rev)
    expect(authorised?.item.op).toBe('emergency.invoke')
    expect(authorised).not.toHaveProperty('needs')
  })
})

describe('grants', () => {
  const set = async (given: GivenEmergency, more: object): Promise<string> => {
    const { rev: _rev, ...group } = given.index.state.root.group!
    const emergency = { ...group.emergency!, ...more }
    return given.codeFor({ op: 'group.set', alias: '', group: { ...group, emergency } })
  }

  it('name people who are there, with keys of their own, for as long as they may', async () => {
    const given = await givenEmergency()
    const invalid = 'namespace.group-invalid'
    const { index, at } = given.index.state
    const grant = (more: object) => ({ grants: [{ ...onCall, who: ['ann', 'h1', 'h2'], ...more }] })
    expect(await set(given, grant({}))).toBe('ok')
    expect(await set(given, grant({ who: ['ann', 'h1', 'h2', 'zoe'] }))).toBe(invalid)
    expect(await set(given, grant({ threshold: 4 }))).toBe(invalid)
    expect(await set(given, grant({ who: ['ann', 'h1'] }))).toBe(invalid)
    expect(await set(given, { grants: [onCall, onCall, { ...onCall, who: ['h2'] }] })).toBe(invalid)
    const malformed = 'namespace.malformed'
    expect(await set(given, grant({ longest: hours(5) }))).toBe(malformed)
    expect(await set(given, grant({ coolDown: minutes(59) }))).toBe(malformed)
    expect(await set(given, grant({ uses: 21 }))).toBe(malformed)
    expect(await set(given, grant({ acts: ['group.set'] }))).toBe(malformed)
    // Who wants to vote, or to recover, has not said that they want to use grants.
    const h1 = new TestVoter('h1')
    for (const role of ['voter', 'recovery'] as const) {
      const keys = [h1.key(index, at, h1, role)]
      const holders = [{ id: 'h1', controller: h1.controller, keys }]
      expect(await set(given, { ...grant({ who: ['ann', 'h1'] }), holders })).toBe(invalid)
    }
    expect(owner).toBeDefined()
  })

  it('are none beside a timelock that would outlast the time for a ratification', async () => {
    const given = await givenEmergency()
    const { rev: _rev, ...group } = given.index.state.root.group!
    const waiting = (sensitive: number): Promise<string> => {
      const timelock = { sensitive: seconds(sensitive) }
      return given.codeFor({ op: 'group.set', alias: '', group: { ...group, timelock } })
    }
    expect(await waiting(RATIFY_WITHIN)).toBe('namespace.group-invalid')
    expect(await waiting(RATIFY_WITHIN - 1)).toBe('ok')
  })

  it('stay where a group says nothing of them, but for whom they name; and go when it says so', async () => {
    const given = await givenEmergency()
    const { emergency, voters } = given.index.state.root.group!
    await setsGroup(given, { emergency: undefined })
    expect(given.index.state.root.group?.emergency).toEqual(emergency)
    const { rev: _rev, emergency: _grants, ...group } = given.index.state.root.group!
    const left = voters.filter(({ id }) => id !== 'ann')
    const code = await given.codeFor({
      op: 'group.set',
      alias: '',
      group: { ...group, voters: left },
    })
    expect(code).toBe('namespace.group-invalid')
    await setsGroup(given, { emergency: null })
    expect(given.index.state.root.group?.emergency).toBeUndefined()
    const { rev, head } = given.entry('shop/api')
    const signed = await uses(given, [given.ann], allow, { base: { rev, head } })
    expect(codeOf(signed)).toBe('namespace.no-grant')
  })
})
