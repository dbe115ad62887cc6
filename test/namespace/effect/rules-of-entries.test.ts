import { describe, expect, it } from '@jest/globals'
import { canonicalize } from '../../../src/core/canonical-json.js'
import { hours, plus } from '../../../src/core/time.js'
import type { Uid } from '../../../src/core/uid.js'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import type { Entry } from '../../../src/namespace/entry.js'
import { MAX_RULES_OCTETS, type Rule, type RuleFacts } from '../../../src/namespace/rule/rule.js'
import type { MemoryTable } from '../../../src/namespace/table.js'
import { T0 } from '../../support/fake-clock.js'
import { type GivenIndex, givenIndex, owner } from '../given-index.js'
import { decidedIn, effectIn, nobody, refusalIn } from './given-effect.js'

const open = { mayCall: [''], mayAccept: [''], ports: [[1, 65_535]] } as never
const create = (name: string, envelope = open): ChangeRequest => ({
  ...{ op: 'entry.create', alias: name, owner, envelope },
})
const world: readonly ChangeRequest[] = [
  { op: 'scope.create', alias: 'shop' },
  ...[create('shop/api'), create('shop/web'), create('shop/job'), create('other')],
]

const uidOf = (given: GivenIndex, name: string): Uid => given.entry(name).uid
const api = (given: GivenIndex) => ({ alias: 'shop/api', uid: uidOf(given, 'shop/api') })
const ruleOf = (given: GivenIndex, more: Partial<RuleFacts> = {}): RuleFacts => ({
  ...{ id: 'web', effect: 'allow', callers: [uidOf(given, 'shop/web')] },
  ...{ ports: [[8080, 8080]], proto: 'http' },
  ...more,
})
const rulesOf = (put: unknown): readonly Rule[] => (put as Entry).rules

/** As if all that had been attached one by one. */
function withRules(given: GivenIndex, rules: readonly Rule[]): void {
  const entries = given.store.state.tables.entries as MemoryTable<Uid, Entry>
  const entry = given.entry('shop/api')
  entries.set(entry.uid, { ...entry, rules })
}

describe('a rule that is replaced', () => {
  it('may go on to name who has gone, and nobody else who has', async () => {
    const given = await givenIndex(...world)
    const [web, job] = [uidOf(given, 'shop/web'), uidOf(given, 'shop/job')]
    withRules(given, [{ ...ruleOf(given), rev: 1 }])
    for (const name of ['shop/web', 'shop/job']) {
      given.issued.until.set(uidOf(given, name), plus(T0, hours(1)))
      await given.did({ op: 'entry.retire', alias: name })
    }
    const wider = { ports: [[80, 8080]] } as const
    const replaced = (rule: RuleFacts, at = T0) =>
      effectIn(given, 'rule.replace', api(given), { rule }, { at })
    for (const at of [T0, plus(T0, hours(25))]) {
      expect(replaced(ruleOf(given, wider), at)).toMatchObject({
        value: { changeClass: 'sensitive' },
      })
      expect(replaced(ruleOf(given, { ...wider, callers: [web, job] }), at)).toMatchObject({
        refusal: { code: 'namespace.unknown', found: 'shop/job' },
      })
    }
    expect(replaced(ruleOf(given, { callers: [web, nobody] }))).toMatchObject({
      refusal: { code: 'namespace.unknown', detail: 'there is no such entry', found: nobody },
    })
  })

  it('has the revision of the entry by then, and leaves the others as they are', async () => {
    const given = await givenIndex(...world)
    const other = { ...ruleOf(given, { id: 'a' }), rev: 1 }
    withRules(given, [other, { ...ruleOf(given), rev: 1 }])
    const rule = ruleOf(given, { ports: [[8080, 8081]] })
    const { put } = decidedIn(given, 'rule.replace', api(given), { rule }).effect
    expect(rulesOf(put)).toEqual([other, { ...rule, rev: 2 }])
    const detached = decidedIn(given, 'rule.detach', api(given), { rule: 'web' })
    expect(detached.effect.put).toMatchObject({ rules: [other], rev: 2 })
  })

  it('keeps the brake that is on it, and gets none that is on another', async () => {
    const given = await givenIndex(...world)
    const brake = { until: plus(T0, hours(2)) }
    const rules = ['a', 'b', 'c'].map((id) => ({ ...ruleOf(given, { id }), rev: 1 }))
    withRules(
      given,
      rules.map((rule) => (rule.id === 'b' ? { ...rule, brake } : rule)),
    )
    const brakes = (id: string, ports: RuleFacts['ports']) => {
      const rule = ruleOf(given, { id, ports })
      const { put } = decidedIn(given, 'rule.replace', api(given), { rule }).effect
      return rulesOf(put).map((one) => one.brake)
    }
    for (const id of ['a', 'b', 'c']) {
      expect(brakes(id, [[80, 8080]])).toEqual([undefined, brake, undefined])
    }
  })

  it('is malformed or not there before it is anything else', async () => {
    const given = await givenIndex(...world)
    const code = (op: 'rule.attach' | 'rule.replace', more: Partial<RuleFacts>) =>
      refusalIn(given, op, api(given), { rule: ruleOf(given, more) }).code
    expect(code('rule.attach', { ports: [[2, 1]] })).toBe('namespace.malformed')
    expect(code('rule.replace', { ports: [[2, 1]] })).toBe('namespace.unknown')
  })
})

describe('the region in a rule', () => {
  it('is of a scope that there is, or is everything', async () => {
    const given = await givenIndex(...world)
    const attached = (subtree: string) =>
      effectIn(given, 'rule.attach', api(given), {
        rule: ruleOf(given, { callers: [{ subtree: subtree as never }] }),
      })
    expect(attached('').ok).toBe(true)
    expect(attached('shop').ok).toBe(true)
    for (const name of ['other', 'nowhere']) {
      expect(attached(name)).toMatchObject({ refusal: { code: 'namespace.unknown', found: name } })
    }
  })
})

describe('a rule that no call could pass', () => {
  it('is refused for the field of the callee’s ceiling that is too narrow', async () => {
    const given = await givenIndex(
      ...world,
      create('shop/narrow', { mayAccept: ['shop'], ports: [[80, 90]] } as never),
      create('shop/closed', { mayAccept: [], ports: [] } as never),
    )
    const refused = (name: string, more: Partial<RuleFacts>) => {
      const subject = { alias: name, uid: uidOf(given, name) }
      const { code, detail, wanted, found } = refusalIn(given, 'rule.attach', subject, {
        rule: ruleOf(given, more),
      })
      expect(code).toBe('namespace.envelope-exceeds-parent')
      expect(wanted).toContain(detail.split(' ')[0])
      return [wanted, found]
    }
    const other = [uidOf(given, 'other')]
    expect(refused('shop/narrow', { callers: other, ports: [[80, 80]] })).toEqual([
      ...['mayAccept within ["shop"]', '"other"'],
    ])
    expect(refused('shop/narrow', { ports: [[80, 91]] })).toEqual([
      ...['ports within [[80,90]]', '[[80,91]]'],
    ])
    expect(refused('shop/closed', {})).toEqual(['mayAccept within []', '"shop/web"'])
    // Not a word of either in a log: nothing is allowed.
    await given.did({ op: 'envelope.set', alias: '', envelope: {} })
    const entries = given.store.state.tables.entries as MemoryTable<Uid, Entry>
    entries.set(uidOf(given, 'shop/closed'), { ...given.entry('shop/closed'), envelope: {} })
    expect(refused('shop/closed', {})).toEqual(['mayAccept within []', '"shop/web"'])
  })

  it.each([
    ['', 'guard l7 of the scope /', 'capstan guards list /'],
    ['shop', 'guard l7 of the scope shop', 'capstan guards list shop'],
  ])('is refused for the guard that wants routes, on %j', async (scope, found, next) => {
    const guard = { id: 'l7', effect: 'requireRoutes' } as const
    const given = await givenIndex(
      ...world,
      { op: 'guard.set', alias: 'shop', guard: { id: 'a', effect: 'maxTtl', maxTtl: 60 } },
      { op: 'guard.set', alias: scope, guard },
    )
    expect(refusalIn(given, 'rule.attach', api(given), { rule: ruleOf(given) })).toMatchObject({
      ...{ code: 'namespace.guard-forbids', found, next },
    })
    const routes = [{ path: { exact: '/' } }]
    expect(effectIn(given, 'rule.attach', api(given), { rule: ruleOf(given, { routes }) }).ok).toBe(
      true,
    )
    const other = { alias: 'other', uid: uidOf(given, 'other') }
    expect(effectIn(given, 'rule.attach', other, { rule: ruleOf(given) }).ok).toBe(scope !== '')
  })
})

describe('all rules of an entry', () => {
  it('fit into what one row may be, to the octet', async () => {
    const given = await givenIndex(...world)
    const sized = (id: string, length: number): RuleFacts =>
      ruleOf(given, { id, routes: [{ path: { exact: `/${'a'.repeat(length)}` } }] })
    const octets = (rules: readonly RuleFacts[]) =>
      Buffer.byteLength(canonicalize(rules.map((rule) => ({ ...rule, rev: 2 }))))
    const rules: Rule[] = []
    const each = octets([sized('r000', 900)]) - 1
    for (let at = 0; at < Math.floor(MAX_RULES_OCTETS / each) - 1; at += 1) {
      rules.push({ ...sized(`r${String(at).padStart(3, '0')}`, 900), rev: 2 })
    }
    withRules(given, rules)
    // No path is so long as what is left: two share it.
    const last = (length: number): RuleFacts => {
      const paths = ['0'.repeat(Math.ceil(length / 2)), '1'.repeat(Math.floor(length / 2))]
      const routes = paths.map((path) => ({ path: { exact: `/${path}` } }))
      return ruleOf(given, { id: 'last', routes })
    }
    const more = MAX_RULES_OCTETS - octets([...rules, last(2)]) + 2
    const attach = (length: number) =>
      effectIn(given, 'rule.attach', api(given), { rule: last(length) })
    expect(octets([...rules, last(more)])).toBe(MAX_RULES_OCTETS)
    expect(attach(more).ok).toBe(true)
    expect(attach(more + 1)).toMatchObject({ refusal: { code: 'namespace.malformed' } })
  })
})
