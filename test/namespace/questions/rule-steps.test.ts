import { describe, expect, it } from '@jest/globals'
import { type Alias, isUnder } from '../../../src/core/alias.js'
import { unixSeconds } from '../../../src/core/time.js'
import type { Uid } from '../../../src/core/uid.js'
import type { Entry } from '../../../src/namespace/entry.js'
import type { PortRange } from '../../../src/namespace/envelope.js'
import { differenceOf } from '../../../src/namespace/questions/difference.js'
import { Effort } from '../../../src/namespace/questions/effort.js'
import { reachedFrom, type ReachSide } from '../../../src/namespace/questions/reach.js'
import { ruleSteps } from '../../../src/namespace/questions/rule-steps.js'
import type { Rule, RuleCaller } from '../../../src/namespace/rule/rule.js'
import type { IndexState } from '../../../src/namespace/state.js'
import { alias, valueOf } from '../given-index.js'

const at = unixSeconds(1000)
const web = [{ subtree: alias('web') }]

/** So many ports that stand alone, and others for another number. */
const ports = (count: number, first = 0): PortRange[] =>
  Array.from({ length: count }, (_, each) => {
    const port = 1 + (((first * count + each) * 2) % 65_534)
    return [port, port]
  })
const ruleOf = (id: string, ranges: PortRange[], callers: readonly RuleCaller[] = web): Rule => {
  const rule = { id, rev: 1, proto: 'tcp', callers, ports: ranges }
  return rule as unknown as Rule
}
const rulesOf = (count: number, many: number): Rule[] =>
  Array.from({ length: count }, (_, each) => ruleOf(`r${each}`, ports(many, each)))

describe('what it takes to say what rules allow', () => {
  it.each<[string, readonly Rule[], number]>([
    ['no rules', [], 0],
    ['a few rules', rulesOf(5, 1), 0],
    ['eight rules, by their number', rulesOf(8, 0), 1],
    ['one rule of a hundred ports', rulesOf(1, 100), 6],
    ['half a megabyte', rulesOf(370, 100), 2358],
    ['a rule of very many callers', [ruleOf('r', [], Array<Uid>(4096).fill('e' as Uid))], 1],
  ])('of %s is so many steps', (_, rules, steps) => {
    expect(ruleSteps(rules)).toBe(steps)
    expect(ruleSteps(rules)).toBe(steps)
  })
})

const NAMES = Array.from({ length: 10 }, (_, each) => `web/s${each}`)
const envelope = { mayCall: [''], mayAccept: [''], ports: [[1, 65_535]] }

/** Ten callers, and one whom they call by these rules. */
function stateWith(rules: readonly Rule[]): IndexState {
  const entry = (name: string, its: readonly Rule[]) =>
    ({
      uid: name,
      alias: name,
      state: 'active',
      envelope,
      bindings: [],
      rules: its,
    }) as unknown as Entry
  const all = [entry('pay/api', rules), ...NAMES.map((name) => entry(name, []))]
  const entries = new Map(all.map((one) => [one.uid, one]))
  const state = {
    entries,
    trustDomain: 'acme.example',
    root: { alias: '', state: 'active', envelope },
    scopeByAlias: () => undefined,
    resolve: (name: Alias) => entries.get(name as unknown as Uid),
    entriesUnder: (region: Alias) => all.filter((one) => isUnder(one.alias, region)),
  }
  return state as unknown as IndexState
}

describe('rules of very many ports', () => {
  /** What one more rule of `many` others makes possible, and the breaths that were taken. */
  async function withOneMore(many: number) {
    const rules = rulesOf(120, many)
    const more = ruleOf('more', [[65_535, 65_535]])
    const [before, after] = [rules, [...rules, more]].map((its) => ({ state: stateWith(its), at }))
    let breaths = 0
    const effort = new Effort(() => {
      breaths += 1
      return undefined
    }, 8000)
    const touched = { entries: new Set(['pay/api' as Uid]), regions: [] }
    const states = { before: before!, after: after! }
    const { permissions, complete } = await differenceOf(states, touched, effort)
    return { callers: permissions.added.map(({ caller }) => caller), complete, breaths }
  }

  it('attack 340: are looked at for some of those whom one more is for, with breaths between', async () => {
    const few = await withOneMore(1)
    expect(few).toMatchObject({ callers: NAMES, complete: true })
    const { callers, complete, breaths } = await withOneMore(100)
    expect({ callers, complete }).toEqual({ callers: NAMES.slice(0, 2), complete: false })
    expect(breaths).toBeGreaterThanOrEqual(2)
  })

  const pageOf = async (side: ReachSide, name: string, steps: number) => {
    const effort = new Effort(() => undefined, steps)
    const state = stateWith(rulesOf(120, 100))
    return valueOf(await reachedFrom(state, side, alias(name), { at, limit: 100 }, effort))
  }

  it('attack 341: a page of callers ends after so many of them', async () => {
    const callers = await pageOf('callers', 'pay/api', 2000)
    expect(callers.reached.map(({ entry }) => entry.alias)).toEqual(NAMES.slice(0, 3))
    expect(callers.next).toBeDefined()
  })

  it('attack 341: a page of callees ends after one who has them', async () => {
    const callees = await pageOf('callees', 'web/s0', 800)
    expect(callees.reached.map(({ entry }) => entry.alias)).toEqual(['pay/api'])
    expect(callees.next).toBeDefined()
  })
})
