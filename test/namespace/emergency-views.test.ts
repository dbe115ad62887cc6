import { describe, expect, it } from '@jest/globals'
import { days, hours, plus, seconds } from '../../src/core/time.js'
import { MOST_USES, RATIFY_WITHIN } from '../../src/namespace/emergency/emergency.js'
import type { InvocationStatement } from '../../src/namespace/emergency/emergency-statements.js'
import { groupOf, TestVoter } from '../support/voters.js'
import { brakeBy } from './given-brake.js'
import {
  type AskedUse,
  type GivenEmergency,
  givenEmergency,
  invocationBy,
  onCall,
  pair,
} from './given-emergency.js'
import { codeOf, valueOf } from './given-index.js'
import { handSigned } from './given-proposal.js'
import { replaysTheSame } from './replays-the-same.js'

const uses = async (
  given: GivenEmergency,
  by: readonly TestVoter[],
  asked: AskedUse,
  more: Partial<InvocationStatement> = {},
) => valueOf(await given.index.invokeEmergency(invocationBy(given, by, asked, more)))

const allow = { alias: 'shop/api', act: 'allow' } as const

/** The group of the root with other grants, or none. */
async function setsGrants(given: GivenEmergency, grants: readonly object[] | null) {
  const { rev: _rev, emergency, ...group } = given.index.state.root.group!
  const more = grants === null ? null : { ...emergency!, grants }
  await given.agreed({ op: 'group.set', alias: '', group: { ...group, emergency: more } as never })
}

describe('the use of a grant is told of', () => {
  it('with who, what and why, and by when voters have to say that it was right', async () => {
    const given = await givenEmergency()
    const [seq, at] = [given.index.state.size, given.now()]
    const use = {
      ...{ seq, at, until: plus(at, hours(1)), ratified: false, subject: 'shop/api' },
      ...{ act: 'allow', by: ['bob', 'h1'], reason: 'incident 7', ticket: 'INC-7' },
      ratifyBefore: plus(at, RATIFY_WITHIN),
    }
    const asked = { ...allow, grant: 'pair' }
    const used = await uses(given, [given.bob, given.h1], asked, { ticket: 'INC-7' })
    expect(used).toEqual({ ...use, scope: '', grant: 'pair', drill: false })
    expect(await given.index.emergencyGrants()).toEqual([
      { scope: '', grant: onCall, standing: 'ready', uses: [] },
      { scope: '', grant: pair, standing: 'in-use', uses: [use] },
    ])
    expect(await given.index.formerUses()).toEqual([])
    await setsGrants(given, [{ ...onCall, who: ['ann', 'h1', 'h2'] }])
    expect(await given.index.formerUses()).toEqual([{ ...use, scope: '', grant: 'pair' }])
  })

  it('by scope, and of none that is retired; a drill is one, and says nothing of uses', async () => {
    const given = await givenEmergency({}, [onCall], { op: 'scope.create', alias: 'lab' })
    const { index, at } = given.index.state
    const below = [new TestVoter('mal'), new TestVoter('nia'), new TestVoter('oli')] as const
    const grants = [{ ...onCall, under: 'lab', who: ['mal'] }] as never
    const voters = below.map((one) => one.voter(index, at))
    const group = groupOf(voters, { emergency: { grants } })
    const set = await given.proposed({ op: 'group.set', alias: 'lab', group })
    for (const voter of [given.ann, given.bob, ...below.slice(0, 2)]) await given.votes(voter, set)
    const scopes = async () => (await given.index.emergencyGrants()).map(({ scope }) => scope)
    expect(await scopes()).toEqual(['', 'lab'])
    const drilled = await uses(given, [given.h1], allow, { drill: true })
    expect(drilled).toMatchObject({ drill: true, ratified: false, seq: given.index.state.size - 1 })
    expect((await given.index.emergencyGrants())[0]).toMatchObject({
      uses: [],
      drilled: given.now(),
    })
    expect((await given.index.emergencyGrants())[1]).not.toHaveProperty('drilled')
    const retire = await given.proposed({ op: 'scope.retire', alias: 'lab' })
    for (const voter of [given.ann, below[0]]) {
      if ((await given.proposal(retire.id)).standing === 'open') await given.votes(voter, retire)
    }
    expect(await scopes()).toEqual([''])
  })

  it('as long as it runs or waits, where its grant is gone: oldest first', async () => {
    const given = await givenEmergency()
    const first = await uses(given, [given.h1], allow)
    const second = await uses(given, [given.bob, given.h1], { ...allow, grant: 'pair' })
    await setsGrants(given, null)
    const told = async () => (await given.index.formerUses()).map(({ seq }) => seq)
    expect(await told()).toEqual([first.seq, second.seq])
    const ratify = { op: 'emergency.ratify', alias: '', use: first.seq } as const
    const proposal = await given.proposed(ratify)
    await given.votes(given.bob, proposal)
    await given.votes(given.cyd, proposal)
    given.clock.set(plus(first.until, seconds(-1)))
    expect(await told()).toEqual([first.seq, second.seq])
    given.clock.set(first.until)
    expect(await told()).toEqual([second.seq])
    given.clock.set(plus(second.at, seconds(RATIFY_WITHIN - 1)))
    expect(await told()).toEqual([second.seq])
    given.clock.set(plus(second.at, RATIFY_WITHIN))
    expect(await told()).toEqual([])
  })
})

describe('a use is ratified', () => {
  const ratifies = async (given: GivenEmergency, use: number, alias = '') => {
    const { alias: name, uid } = alias === '' ? given.index.state.root : given.scope(alias)
    const subject = { alias: name, uid }
    const operation = { op: 'emergency.ratify', subject, body: { use } } as never
    const signed = handSigned(given.index.state, given.ann, operation, { at: given.now() })
    return given.index.submit([signed])
  }

  it('as a sensitive change of its scope, whose revision it raises, until the time is over', async () => {
    const given = await givenEmergency()
    const { seq, at } = await uses(given, [given.h1], allow)
    given.clock.set(plus(at, seconds(RATIFY_WITHIN - 1)))
    const { proposal } = valueOf(await ratifies(given, seq))
    expect(proposal.open?.class).toBe('sensitive')
    const { rev, head: _head, ...before } = given.index.state.root
    await given.votes(given.bob, proposal)
    await given.votes(given.cyd, proposal)
    expect((await given.proposal(proposal.id)).standing).toBe('committed')
    expect(given.index.state.root).toMatchObject({ ...before, rev: rev + 1 })
    expect((await given.index.emergencyGrants())[0]?.uses).toMatchObject([{ seq, ratified: true }])
    given.clock.set(plus(at, RATIFY_WITHIN))
    expect((await given.index.emergencyGrants())[0]?.standing).toBe('ready')
    await replaysTheSame(given)
  })

  it('if it is one, in time, once, of this scope', async () => {
    const given = await givenEmergency()
    const { seq, at } = await uses(given, [given.h1], allow)
    expect(codeOf(await ratifies(given, seq + 1))).toBe('namespace.unknown')
    expect(codeOf(await ratifies(given, seq, 'shop'))).toBe('namespace.unknown')
    const { proposal } = valueOf(await ratifies(given, seq))
    await given.votes(given.bob, proposal)
    await given.votes(given.cyd, proposal)
    expect(codeOf(await ratifies(given, seq))).toBe('namespace.wrong-state')
    const late = await givenEmergency()
    const used = await uses(late, [late.h1], allow)
    late.clock.set(plus(used.at, RATIFY_WITHIN))
    expect(codeOf(await ratifies(late, used.seq))).toBe('namespace.grant-spent')
    expect(used.at).toBe(at)
  })
})

describe('what a brake was on', () => {
  const rule = { id: 'web', callers: ['shop/web'], ports: [8080] }
  const attach = { op: 'rule.attach', alias: 'shop/api', rule } as const
  const detach = { op: 'rule.detach', alias: 'shop/api', rule: 'web' } as const

  it('is remembered for the longest of the brakes, where a group above has grants', async () => {
    const second = { ...attach, rule: { ...rule, id: 'too' } } as const
    const given = await givenEmergency({}, undefined, attach, second)
    const braked = async (id: string, ttl: number) => {
      const { state } = given.index
      const on = { alias: 'shop/api', rule: id }
      const signed = brakeBy(state, [given.bob], on, { at: given.now(), ttl: seconds(ttl) })
      return valueOf(await given.index.submitBrake(signed)).until
    }
    const long = await braked('web', 7200)
    const short = await braked('too', 600)
    for (const one of [detach, { ...detach, rule: 'too' } as const]) {
      await given.votes(given.ann, await given.proposed(one))
    }
    expect(short).toBeLessThan(long)
    expect(given.entry('shop/api').heldUntil).toBe(long)
    const brought = invocationBy(given, [given.h1], allow)
    expect(await given.index.invokeEmergency(brought)).toMatchObject({
      refusal: { code: 'namespace.braked', next: 'capstan rules attach shop/api' },
    })
    given.clock.set(long)
    await uses(given, [given.h1], allow)
    expect(given.entry('shop/api')).not.toHaveProperty('heldUntil')
  })

  it('is not, without a brake', async () => {
    const given = await givenEmergency({}, undefined, attach)
    await given.votes(given.ann, await given.proposed(detach))
    expect(given.entry('shop/api')).not.toHaveProperty('heldUntil')
    expect(codeOf(await given.index.invokeEmergency(invocationBy(given, [given.h1], allow)))).toBe(
      'ok',
    )
  })
})

it('a grant lasts as long, and waits as long, and is used as often as voters may say at most', async () => {
  const grant = { ...onCall, longest: hours(4), coolDown: days(30), uses: MOST_USES }
  const given = await givenEmergency({}, [grant])
  const { until, at } = await uses(given, [given.h1], allow, { ttl: hours(4) })
  expect(until).toBe(plus(at, hours(4)))
  for (const more of [
    { longest: 14_401 },
    { coolDown: 2_592_001 },
    { coolDown: 3599 },
    { uses: 21 },
  ]) {
    const { rev: _rev, emergency, ...group } = given.index.state.root.group!
    const other = { ...emergency!, grants: [{ ...grant, ...more }] }
    const asked = { op: 'group.set', alias: '', group: { ...group, emergency: other } }
    expect(await given.codeFor(asked)).toBe('namespace.malformed')
  }
})
