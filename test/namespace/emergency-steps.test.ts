import { describe, expect, it } from '@jest/globals'
import type { Alias } from '../../src/core/alias.js'
import { days, hours, minutes, plus, seconds, type UnixSeconds } from '../../src/core/time.js'
import { open, payloadTypes } from '../../src/namespace/dsse.js'
import {
  type EmergencyGrant,
  isUnderEmergency,
  RATIFY_WITHIN,
  withoutEmergency,
} from '../../src/namespace/emergency/emergency.js'
import type { InvocationStatement } from '../../src/namespace/emergency/emergency-statements.js'
import {
  drillRecord,
  invocationRecord,
  invokingOf,
  verifyDrill,
  verifyInvocation,
} from '../../src/namespace/emergency/fold-emergency.js'
import { isSoundEmergency } from '../../src/namespace/emergency/sound-emergency.js'
import { grantStanding, type Use } from '../../src/namespace/emergency/uses.js'
import { groupOf, TestVoter } from '../support/voters.js'
import { brakeBy } from './given-brake.js'
import {
  type AskedUse,
  type GivenEmergency,
  givenEmergency,
  invocation,
  invocationBy,
  onCall,
  pair,
  signedInvocation,
} from './given-emergency.js'
import { codeOf, valueOf } from './given-index.js'

const uses = (
  given: GivenEmergency,
  by: readonly TestVoter[],
  asked: AskedUse,
  more: Partial<InvocationStatement> = {},
) => given.index.invokeEmergency(invocationBy(given, by, asked, more))

const allow = { alias: 'shop/api', act: 'allow' } as const
const reactivate = { alias: 'shop/web', act: 'reactivate' } as const
const suspend = { op: 'entry.suspend', alias: 'shop/web' } as const

const suspends = async (given: GivenEmergency) =>
  given.votes(given.bob, await given.proposed(suspend))

describe('a grant is not used, where', () => {
  it('what is handed in is no envelope, or more than there may be signers', async () => {
    const given = await givenEmergency()
    const submits = async (all: readonly Uint8Array[]) =>
      codeOf(await given.index.invokeEmergency(all))
    const good = invocationBy(given, [given.h1], allow)
    const none = Buffer.from('{}')
    for (const all of [[], [none], [...good, none], [none, ...good]]) {
      expect(await submits(all)).toBe('namespace.bad-canonical')
    }
    expect(await submits(Array.from({ length: 33 }, () => good[0]!))).toBe(
      'namespace.bad-canonical',
    )
    expect(await submits([given.h1.envelope(payloadTypes.emergency, {})])).toBe(
      'namespace.malformed',
    )
    expect(await submits([...good, ...good])).toBe('namespace.malformed')
    expect(await submits(good)).toBe('ok')
  })

  type Said = { readonly [M in keyof InvocationStatement]?: InvocationStatement[M] | undefined }
  const cases: readonly (readonly [string, string, (given: GivenEmergency) => Said])[] = [
    [
      'the entry has another head',
      'namespace.stale-base',
      (given) => ({ base: { rev: given.entry('shop/api').rev, head: 'b'.repeat(64) } }),
    ],
    [
      'the entry has another revision',
      'namespace.stale-base',
      (given) => ({ base: { rev: 9, head: given.entry('shop/api').head } }),
    ],
    [
      'the entry has another name',
      'namespace.stale-base',
      (given) => ({ subject: { alias: 'shop/web' as Alias, uid: given.entry('shop/api').uid } }),
    ],
    [
      'another scope is named',
      'namespace.not-responsible',
      (given) => ({ scope: { ...given.scope('shop'), rev: given.index.state.root.group!.rev } }),
    ],
    [
      'it was for a time to come',
      'namespace.expired',
      (given) => {
        return { created: plus(given.now(), hours(1)), expires: plus(given.now(), hours(2)) }
      },
    ],
    ['it is over', 'namespace.expired', (given) => ({ expires: plus(given.now(), seconds(-1)) })],
    [
      'it is good for more than a day',
      'namespace.expired',
      (given) => ({ expires: plus(given.now(), seconds(days(1) + 1)) }),
    ],
    ['a call is wanted, and none named', 'namespace.malformed', () => ({ call: undefined })],
    ['it is an act of no call', 'namespace.malformed', () => ({ act: 'reactivate' })],
    ['it is a second longer', 'namespace.no-grant', () => ({ ttl: seconds(onCall.longest + 1) })],
  ]
  it.each(cases)('%s: %s', async (_, code, more) => {
    const given = await givenEmergency()
    const { call, scope, ...said } = {
      ...invocation(given, [given.h1], allow),
      ...(more(given) as Partial<InvocationStatement>),
    }
    const statement = { ...said, scope: { uid: scope.uid, rev: scope.rev }, ...(call && { call }) }
    const tried = await given.index.invokeEmergency(signedInvocation([given.h1], statement))
    expect(codeOf(tried)).toBe(code)
    expect(codeOf(await uses(given, [given.h1], allow, { ttl: onCall.longest }))).toBe('ok')
  })

  it('those who sign are not whom it names, or too few people: it is said who may', async () => {
    const given = await givenEmergency()
    const { h1, h2, cyd } = given
    const asked = { ...allow, grant: 'pair' }
    expect(await uses(given, [h1, cyd], asked)).toMatchObject({
      refusal: { code: 'namespace.no-vote', found: 'cyd' },
    })
    expect(await uses(given, [h2], asked)).toMatchObject({
      refusal: { code: 'namespace.no-quorum', wanted: '2 of bob, h1, h2', found: 'h2' },
    })
    expect(await uses(given, [h1], { ...allow, grant: 'none' })).toMatchObject({
      refusal: { code: 'namespace.no-grant', wanted: 'oncall, pair', found: 'none' },
    })
    expect(codeOf(await uses(given, [h1, h2], asked))).toBe('ok')
  })

  it('one person signs twice, by two names', async () => {
    const twins = { ...onCall, who: ['ann', 'h1'], threshold: 2 }
    const given = await givenEmergency({}, [twins])
    const { rev: _rev, emergency, ...group } = given.index.state.root.group!
    const [h1] = emergency!.holders!
    const named = new TestVoter('x', 'Ed25519', 'ann@acme')
    const { index, at } = given.index.state
    const as = { id: 'h1', controller: 'ann@acme' }
    const holders = [{ ...h1!, ...as, keys: [named.key(index, at, as, 'emergency')] }]
    const grants = [{ ...twins, who: ['ann', 'bob', 'h1'] }]
    const more = { ...group, emergency: { holders, grants } }
    await given.agreed({ op: 'group.set', alias: '', group: more })
    const twin = Object.assign(Object.create(named) as TestVoter, { id: 'h1' })
    expect(codeOf(await uses(given, [given.ann, twin], allow))).toBe('namespace.no-quorum')
    expect(codeOf(await uses(given, [given.bob, twin], allow))).toBe('ok')
  })

  it('the entry is suspended for longer than its own lifetime, or not at all any more', async () => {
    const given = await givenEmergency()
    await suspends(given)
    const validUntil = plus(given.now(), hours(1))
    await given.agreed({ op: 'entry.update', alias: 'shop/web', validUntil })
    const beyond = await uses(given, [given.h1], reactivate, { ttl: seconds(3601) })
    expect(codeOf(beyond)).toBe('namespace.wrong-state')
    const { until } = valueOf(await uses(given, [given.h1], reactivate))
    expect(until).toBe(validUntil)
    expect(given.entry('shop/web')).toMatchObject({
      ...{ state: 'suspended', emergency: { grant: 'oncall', until } },
    })
    // In use it is active: there is nothing to give by another grant.
    const { rev: _rev, emergency, ...group } = given.index.state.root.group!
    const grants = [...emergency!.grants, { ...onCall, name: 'other' }]
    await given.agreed({
      ...{ op: 'group.set', alias: '' },
      group: { ...group, emergency: { ...emergency!, grants } },
    })
    const again = () =>
      uses(given, [given.h1], { ...reactivate, grant: 'other' }, { ttl: minutes(1) })
    expect(codeOf(await again())).toBe('namespace.wrong-state')
  })

  it('a brake is on it, whose end is told, until that end', async () => {
    const given = await givenEmergency()
    const { state } = given.index
    await suspends(given)
    await given.agreed({ op: 'entry.reactivate', alias: 'shop/web' })
    const on = brakeBy(state, [given.bob], { alias: 'shop/api' }, { at: given.now() })
    const { until } = valueOf(await given.index.submitBrake(on))
    expect(await uses(given, [given.h1], allow)).toMatchObject({
      refusal: { code: 'namespace.braked', next: 'capstan brake lift shop/api' },
    })
    given.clock.set(plus(until, seconds(-1)))
    expect(codeOf(await uses(given, [given.h1], allow))).toBe('namespace.braked')
    given.clock.set(until)
    expect(codeOf(await uses(given, [given.h1], allow))).toBe('ok')
  })
})

describe('a record of a grant', () => {
  it('is what its statement comes to: a use is no drill, and a drill no use', async () => {
    const given = await givenEmergency()
    const { state } = given.index
    const at = given.now()
    const scope = state.root.uid
    const opened = (more: Partial<InvocationStatement>) =>
      invocationBy(given, [given.h1], allow, more).map((one) => open(one)!)
    const [used, drilled] = [opened({}), opened({ drill: true })]
    const use = valueOf(invokingOf(state, used, at))
    const drill = valueOf(invokingOf(state, drilled, at))
    const until = plus(at, hours(1))
    const record = invocationRecord(state, use, at)
    expect(record).toMatchObject({ kind: 'emergency', class: 'emergency', votes: [] })
    expect(verifyInvocation(state, record, used)).toEqual({
      ok: true,
      value: {
        ...{ kind: 'commit', effect: { put: use.put, quarantine: [] } },
        used: { scope, grant: onCall, until },
      },
    })
    const line = drillRecord(state, drill, at)
    expect(verifyDrill(state, line, drilled)).toEqual({
      ok: true,
      value: { kind: 'drill', drilled: { scope, grant: onCall } },
    })
    const broken = 'namespace.bad-canonical'
    const asUse = invocationRecord(state, drill, at)
    expect(codeOf(verifyInvocation(state, asUse, drilled))).toBe(broken)
    expect(codeOf(verifyDrill(state, drillRecord(state, use, at), used))).toBe(broken)
    expect(codeOf(verifyInvocation(state, { ...record, class: 'routine' }, used))).toBe(broken)
    expect(codeOf(verifyDrill(state, { ...line, says: 'a' }, drilled))).toBe(broken)
  })
})

describe('what a grant is at a time', () => {
  const terms = { coolDown: seconds(100), uses: 2 }
  const use = (at: number, ratified = true): Use => {
    return { seq: 1, at: at as UnixSeconds, until: (at + 10) as UnixSeconds, ratified }
  }
  it.each([
    ['ready', [], 0],
    ['in-use', [use(0)], 9],
    ['cooling-down', [use(0)], 10],
    ['cooling-down', [use(0)], 109],
    ['ready', [use(0)], 110],
    ['in-use', [use(0), use(200)], 209],
    ['used-up', [use(0), use(200)], 210],
    ['used-up', [use(0), use(200)], 999],
    ['ready', [use(0, false)], RATIFY_WITHIN - 1],
    ['disabled', [use(0, false)], RATIFY_WITHIN],
    ['disabled', [use(0, false), use(RATIFY_WITHIN)], RATIFY_WITHIN],
  ] as const)('%s, after %j, at %i', (standing, before, at) => {
    expect(grantStanding(terms, before, at as UnixSeconds)).toBe(standing)
  })

  it('and a mark lasts to its last second', () => {
    const emergency = { grant: 'oncall', until: 100 as UnixSeconds }
    const on = (at: number) => isUnderEmergency({ emergency }, at as UnixSeconds)
    expect([on(99), on(100)]).toEqual([true, false])
    expect(isUnderEmergency({}, 0 as UnixSeconds)).toBe(false)
    expect(withoutEmergency({ id: 'x', emergency })).toEqual({ id: 'x' })
  })
})

describe('grants are sound', () => {
  const index = 'a'.repeat(64)
  const at = 0 as UnixSeconds
  const ann = new TestVoter('ann').voter(index, at)
  const h1 = new TestVoter('h1').holder(index, at)
  const of = (grants: readonly EmergencyGrant[], more: object = {}, holders = [h1]) =>
    isSoundEmergency({ ...groupOf([ann]), rev: 1, emergency: { holders, grants }, ...more })

  it.each([
    ['with names of their own', [onCall, { ...onCall, name: 'other' }], {}, undefined],
    ['not with one name', [onCall, onCall], {}, 'oncall'],
    ['not with a holder who is in none', [{ ...onCall, who: ['ann'] }], {}, 'h1'],
    ['not with somebody who is not there', [{ ...onCall, who: ['ann', 'h1', 'zoe'] }], {}, 'zoe'],
    ['as many people as are named', [{ ...onCall, threshold: 2 }], {}, undefined],
    ['not more than that', [{ ...onCall, threshold: 3 }], {}, '3'],
    ['with a short timelock', [onCall], { timelock: { sensitive: RATIFY_WITHIN - 1 } }, undefined],
    ['not with a long one', [onCall], { timelock: { sensitive: RATIFY_WITHIN } }, '86400'],
    ['with another long one', [onCall], { timelock: { structural: RATIFY_WITHIN } }, undefined],
  ] as const)('%s', (_, grants, more, found) => {
    const sound = of(grants, more)
    if (found === undefined) expect(codeOf(sound)).toBe('ok')
    else expect(sound).toMatchObject({ refusal: { code: 'namespace.group-invalid', found } })
  })

  it('by people, not by names; and a group without any is', () => {
    const same = { ...h1, controller: 'ann@acme' }
    const both = { ...onCall, threshold: 2 }
    expect(codeOf(of([both], {}, [same]))).toBe('namespace.group-invalid')
    const bare = { ...groupOf([ann]), rev: 1 }
    expect(codeOf(isSoundEmergency(bare))).toBe('ok')
    const timelock = { sensitive: RATIFY_WITHIN }
    expect(codeOf(isSoundEmergency({ ...bare, timelock }))).toBe('ok')
    expect(codeOf(of([pair]))).toBe('namespace.group-invalid')
  })
})
