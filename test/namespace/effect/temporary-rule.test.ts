import { describe, expect, it } from '@jest/globals'
import { hours, plus, seconds, type UnixSeconds } from '../../../src/core/time.js'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import { emergencyRuleId, temporaryRule } from '../../../src/namespace/effect/rules.js'
import type { EmergencyMark } from '../../../src/namespace/emergency/emergency.js'
import type { Entry } from '../../../src/namespace/entry.js'
import type { Rule } from '../../../src/namespace/rule/rule.js'
import { T0 } from '../../support/fake-clock.js'
import { codeOf, type GivenIndex, givenIndex, owner, valueOf } from '../given-index.js'
import { nobody } from './given-effect.js'

const open = { mayCall: [''], mayAccept: [''], ports: [[1, 65_535]] } as never
const create = (alias: string, envelope = open): ChangeRequest => ({
  ...{ op: 'entry.create', alias, owner, envelope },
})
const world = [
  ...[create('api'), create('web'), create('gone')],
  create('narrow', { mayAccept: ['lab'], ports: [[80, 80]] } as never),
]
const mark = { grant: 'oncall', until: plus(T0, hours(1)) }
const at = plus(T0, seconds(10))

interface Asked {
  readonly entry?: Entry
  readonly call?: object
  readonly at?: UnixSeconds
}

/** The use of a grant, by the next record of the log. */
function used(given: GivenIndex, { entry = given.entry('api'), call, at: now = at }: Asked = {}) {
  const caller = given.entry('web').uid
  const asked = { caller, ports: [[8080, 8080]], proto: 'http', ...call } as never
  return temporaryRule(given.index.state, entry, asked, { mark, at: now })
}

describe('the rule that the use of a grant makes', () => {
  it('lets one caller in until the grant ends, and says that it came by it', async () => {
    const given = await givenIndex(...world)
    const entry = given.entry('api')
    const id = `emergency-${given.index.state.size}`
    expect(emergencyRuleId(given.index.state.size)).toBe(id)
    const callers = [given.entry('web').uid]
    const rule = { id, effect: 'allow', callers, ports: [[8080, 8080]], proto: 'http' }
    expect(valueOf(used(given))).toEqual({
      ...entry,
      rev: 2,
      rules: [{ ...rule, until: mark.until, rev: 2, emergency: mark }],
    })
  })

  it.each<readonly [string, object, string]>([
    ['ports that are none', { ports: [[2, 1]] }, 'namespace.malformed'],
    ['a caller that never was', { caller: nobody }, 'namespace.unknown'],
    ['a path that is none', { routes: [{ path: { exact: '/a/../b' } }] }, 'namespace.malformed'],
  ])('is none with %s', async (_, call, code) => {
    const given = await givenIndex(...world)
    expect(codeOf(used(given, { call }))).toBe(code)
  })

  it('is none for a caller that is retired, nor of a callee that is', async () => {
    const given = await givenIndex(...world)
    await given.did({ op: 'entry.retire', alias: 'gone' })
    const entry = given.entry('gone')
    expect(codeOf(used(given, { call: { caller: entry.uid } }))).toBe('namespace.unknown')
    expect(used(given, { entry })).toMatchObject({
      refusal: { code: 'namespace.unknown', detail: 'there is no such entry', found: 'gone' },
    })
  })

  it('stands under the same ceilings and guards as any other', async () => {
    const given = await givenIndex(...world)
    expect(codeOf(used(given, { entry: given.entry('narrow') }))).toBe(
      'namespace.envelope-exceeds-parent',
    )
    await given.did({ op: 'guard.set', alias: '', guard: { id: 'l7', effect: 'requireRoutes' } })
    expect(codeOf(used(given))).toBe('namespace.guard-forbids')
    const routes = [{ path: { exact: '/' } }]
    expect(codeOf(used(given, { call: { routes } }))).toBe('ok')
  })

  it('takes the place of those that ended, and of no other', async () => {
    const given = await givenIndex(...world)
    const made = valueOf(used(given)).rules[0]!
    const rule = (id: string, emergency: EmergencyMark): Rule => ({ ...made, id, emergency })
    const { emergency: _none, ...other } = made
    const voted: Rule = { ...other, id: 'voted' }
    const until = plus(T0, hours(2))
    const rules = [rule('a', { grant: 'a', until }), rule('b', { grant: 'b', until: at }), voted]
    const entry = { ...given.entry('api'), rules }
    const ids = (now: UnixSeconds) =>
      valueOf(used(given, { entry, at: now })).rules.map(({ id }) => id)
    expect(ids(plus(at, seconds(-1)))).toEqual(['a', 'b', made.id, 'voted'])
    expect(ids(at)).toEqual(['a', made.id, 'voted'])
    expect(ids(until)).toEqual([made.id, 'voted'])
  })

  it('is not made twice, and not where a vote gave another its name', async () => {
    const given = await givenIndex(...world)
    const rules = valueOf(used(given)).rules
    const entry = { ...given.entry('api'), rules }
    expect(codeOf(used(given, { entry }))).toBe('namespace.exists')
    const { emergency: _none, ...voted } = rules[0]!
    expect(codeOf(used(given, { entry: { ...entry, rules: [voted] } }))).toBe('namespace.exists')
  })

  it('ends what was remembered of a brake, which is over', async () => {
    const given = await givenIndex(...world)
    const entry: Entry = { ...given.entry('api'), heldUntil: T0 }
    expect(valueOf(used(given, { entry }))).not.toHaveProperty('heldUntil')
  })
})
