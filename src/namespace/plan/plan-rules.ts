import { canonicalize } from '../../core/canonical-json.js'
import { ok, type Result } from '../../core/result.js'
import type { Uid } from '../../core/uid.js'
import type { Entry } from '../entry.js'
import type { Rule, RuleFacts } from '../rule/rule.js'
import type { RuleRequest, SplitRequest } from '../rule/rule-request.js'
import { storedRule, storedSplit } from '../rule/stored-rule.js'
import type { IndexState } from '../state.js'
import { brief, type PlannedChange } from './planned-change.js'

/** What a document says of an entry's rules: nothing, and they stay as they are; or all of them. */
export interface WantedRules {
  readonly alias: string
  readonly rules?: readonly RuleRequest[]
  readonly splits?: readonly SplitRequest[]
}

type RuleHolder = Pick<Entry, 'rules' | 'splits'>

/** The changes of rules and splits. `present` is undefined for an entry that the document makes. */
export function planRules(
  state: IndexState,
  present: RuleHolder | undefined,
  { alias, rules, splits }: WantedRules,
): Result<readonly PlannedChange[]> {
  const changes: PlannedChange[] = []
  const change = (request: PlannedChange['request'], line: string): void => {
    changes.push({ request, kind: 'change', subject: `entry ${alias}`, lines: [line] })
  }
  const surplus = new Map((rules ? (present?.rules ?? []) : []).map((rule) => [rule.id, rule]))
  const attached: (() => void)[] = []
  for (const rule of rules ?? []) {
    const stored = storedRule(state, rule)
    // A caller that only this document makes has no uid yet: who it is shows when it is made.
    if (!stored.ok && stored.refusal.code !== 'namespace.unknown') return stored
    const id = stored.ok ? stored.value.id : rule.id
    const before = id === undefined ? undefined : surplus.get(id)
    if (id !== undefined) surplus.delete(id)
    if (before && stored.ok && isSame(before, stored.value)) continue
    attached.push(() =>
      before && id !== undefined
        ? change(
            { op: 'rule.replace', alias, rule: { ...rule, id } },
            `rule ${id}: ${asWritten(state, before)} -> ${brief(rule)}`,
          )
        : change({ op: 'rule.attach', alias, rule }, `rule: + ${brief(rule)}`),
    )
  }
  // Whoever was taken away is gone before anybody is let in.
  for (const [id, rule] of surplus) {
    // What a grant gave ends by itself, and no document has it: only who names it ends it sooner.
    if (rule.emergency) continue
    change({ op: 'rule.detach', alias, rule: id }, `rule ${id}: - ${asWritten(state, rule)}`)
  }
  for (const attach of attached) attach()
  planSplits(state, present, { alias, splits, change })
  return ok(changes)
}

interface SplitPlan {
  readonly alias: string
  readonly splits: readonly SplitRequest[] | undefined
  readonly change: (request: PlannedChange['request'], line: string) => void
}

function planSplits(
  state: IndexState,
  present: RuleHolder | undefined,
  { alias, splits, change }: SplitPlan,
): void {
  const surplus = new Map((splits ? (present?.splits ?? []) : []).map((one) => [one.port, one]))
  const set: (() => void)[] = []
  for (const split of splits ?? []) {
    const stored = storedSplit(state, split)
    const before = surplus.get(split.port)
    surplus.delete(split.port)
    if (before && stored.ok && canonicalize(before) === canonicalize(stored.value)) continue
    set.push(() => change({ op: 'split.set', alias, split }, `split: + ${brief(split)}`))
  }
  for (const [port, split] of surplus) {
    const backends = split.backendRefs.map((ref) => ({ ...ref, entry: nameOf(state, ref.entry) }))
    change({ op: 'split.clear', alias, port }, `split ${port}: - ${brief(backends)}`)
  }
  for (const put of set) put()
}

function isSame({ rev: _rev, brake: _brake, ...before }: Rule, after: RuleFacts): boolean {
  return canonicalize(before) === canonicalize(after)
}

/** A stored rule with aliases for uids. */
function asWritten(
  state: IndexState,
  { rev: _rev, brake: _brake, callers, ...rule }: Rule,
): string {
  return brief({
    ...rule,
    callers: callers.map((one) => (typeof one === 'string' ? nameOf(state, one) : one)),
  })
}

const nameOf = (state: IndexState, uid: Uid): string => state.entries.get(uid)?.alias ?? uid
