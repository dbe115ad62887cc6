import { describe, expect, it } from '@jest/globals'
import { days, hours, plus, seconds, type UnixSeconds } from '../../../src/core/time.js'
import type { End } from '../../../src/namespace/questions/ends.js'
import type { VoterKey } from '../../../src/namespace/voter-key.js'
import { TestVoter } from '../../support/voters.js'
import { brakeBy, type Target } from '../given-brake.js'
import { givenEmergency, invocationBy, type GivenEmergency } from '../given-emergency.js'
import { alias, owner, valueOf } from '../given-index.js'
import { Safe } from '../given-recovery.js'
import { asked } from './asked.js'

const ends = async (
  given: GivenEmergency,
  part: 'scopes' | 'entries',
  ahead = days(30),
): Promise<readonly End[]> => {
  const page = { part, limit: 100, ahead, region: alias('') }
  return valueOf(await asked(given).ends(page)).ends
}

const brakes = async (given: GivenEmergency, by: TestVoter, target: Target): Promise<void> => {
  const on = brakeBy(given.index.state, [by], target, { at: given.now() })
  valueOf(await given.index.submitBrake(on))
}

describe('what ends by itself, of every kind', () => {
  it('is what was stopped: an entry, a rule, a scope, a voter', async () => {
    const rule = { id: 'r', callers: ['shop/web'], ports: [80] }
    const given = await givenEmergency({}, undefined, {
      ...{ op: 'rule.attach', alias: 'shop/api', rule },
    })
    await brakes(given, given.ann, { alias: 'shop' })
    await brakes(given, given.ann, { alias: 'shop/api', rule: 'r' })
    await brakes(given, given.ann, { alias: 'shop/web' })
    const both = brakeBy(
      given.index.state,
      [given.ann, given.bob],
      { alias: '', voter: 'cyd' },
      {
        at: given.now(),
      },
    )
    valueOf(await given.index.submitBrake(both))
    const at = plus(given.now(), hours(2))
    expect(await ends(given, 'entries')).toEqual([
      { at, kind: 'brake', alias: 'shop/api', of: 'rule', id: 'r' },
      { at, kind: 'brake', alias: 'shop/web', of: 'entry' },
    ])
    const scopes = await ends(given, 'scopes')
    expect(scopes).toHaveLength(2)
    expect(scopes).toEqual(
      expect.arrayContaining([
        { at, kind: 'brake', alias: 'shop', of: 'scope' },
        { at, kind: 'brake', alias: '', of: 'voter', id: 'cyd' },
      ]),
    )
    const first = await asked(given).ends({
      ...{ part: 'scopes', limit: 1, ahead: days(30), region: alias('') },
    })
    const { next, ends: some } = valueOf(first)
    expect([some.length, typeof next]).toEqual([1, 'string'])
    const rest = await asked(given).ends({
      ...{ part: 'scopes', limit: 1, ahead: days(30), region: alias(''), after: next! },
    })
    expect([...some, ...valueOf(rest).ends]).toEqual(scopes)
    // Exactly as far as it is asked: its own second, and not the one before.
    expect(await ends(given, 'scopes', hours(2))).toHaveLength(2)
    expect(await ends(given, 'scopes', seconds(hours(2) - 1))).toEqual([])
  })

  it('is what a grant gave: once for a rule, as that of the grant', async () => {
    const given = await givenEmergency()
    const allow = { alias: 'shop/api', act: 'allow' } as const
    const use = valueOf(await given.index.invokeEmergency(invocationBy(given, [given.h1], allow)))
    const { rules } = given.entry('shop/api')
    const gone = { at: use.until, kind: 'emergency', alias: 'shop/api', of: 'rule' } as const
    expect(await ends(given, 'entries')).toEqual([{ ...gone, id: rules[0]!.id }])
  })

  it('is an entry that was helped up again', async () => {
    const given = await givenEmergency()
    await given.votes(given.bob, await given.proposed({ op: 'entry.suspend', alias: 'shop/web' }))
    const up = { alias: 'shop/web', act: 'reactivate' } as const
    const use = valueOf(await given.index.invokeEmergency(invocationBy(given, [given.ann], up)))
    expect(await ends(given, 'entries')).toEqual([
      { at: use.until, kind: 'emergency', alias: 'shop/web', of: 'entry' },
    ])
  })

  it('is the names of what is retired, and not its lifetime or rules any more', async () => {
    const given = await givenEmergency()
    const validUntil = new Date((given.now() + days(9)) * 1000).toISOString().replace('.000', '')
    await given.agreed({ op: 'entry.create', alias: 'old', owner, validUntil })
    expect(await ends(given, 'entries')).toMatchObject([{ kind: 'entry', alias: 'old' }])
    const drained = plus(given.now(), hours(5))
    const { uid } = given.entry('old')
    given.issued.until.set(uid, drained)
    await given.votes(given.bob, await given.proposed({ op: 'entry.retire', alias: 'old' }))
    const { drainUntil } = given.index.state.entries.get(uid)!
    expect(drainUntil).toBeGreaterThanOrEqual(drained)
    expect(await ends(given, 'entries')).toEqual([{ at: drainUntil, kind: 'drain', alias: 'old' }])
    given.clock.set(drainUntil!)
    expect(await ends(given, 'entries')).toEqual([])
  })

  it('is keys of all that a group knows, and says which is the last of somebody', async () => {
    const given = await givenEmergency()
    const { state } = given.index
    const { rev: _rev, ...group } = state.root.group!
    const until = (keys: readonly VoterKey[], at: UnixSeconds) =>
      keys.map((key) => ({ ...key, until: at }))
    const [one, two, three] = [1, 2, 3].map((n) => plus(given.now(), days(n)))
    const set = new Safe().set(state.index, state.at)
    const recovery = {
      ...set,
      holders: set.holders.map((holder) =>
        holder.id === 'r2' ? { ...holder, keys: until(holder.keys, two!) } : holder,
      ),
    }
    const { holders = [], grants } = group.emergency!
    const emergency = {
      grants,
      holders: holders.map((holder) =>
        holder.id === 'h2' ? { ...holder, keys: until(holder.keys, three!) } : holder,
      ),
    }
    const other = new TestVoter('local', 'Ed25519', 'platform').key(state.index, state.at)
    const proposers = (group.proposers ?? []).map((proposer) => ({
      ...proposer,
      keys: [...proposer.keys, { ...other, until: one! }],
    }))
    await given.agreed({
      ...{ op: 'group.set', alias: '' },
      group: { ...group, recovery, emergency, proposers },
    })
    const key = { kind: 'key', alias: '' } as const
    expect(await ends(given, 'scopes')).toEqual([
      { ...key, at: one, of: 'proposer', id: 'local' },
      { ...key, at: two, of: 'recovery-holder', id: 'r2', last: true },
      { ...key, at: three, of: 'emergency-holder', id: 'h2', last: true },
    ])
  })
})
