import type { Json } from '../../core/canonical-json.js'
import { toIso } from '../../core/time.js'
import type { Uid } from '../../core/uid.js'
import type { Authorisation, DecidedChange } from '../../namespace/authorisation.js'
import { responsibleAbove } from '../../namespace/decide.js'
import type { Entry } from '../../namespace/entry.js'
import type { Changeable, Decision, Denied } from '../../namespace/permit/decision.js'
import type { Governing } from '../../namespace/questions/governing.js'
import type { Rule } from '../../namespace/rule/rule.js'
import type { TrafficSplit } from '../../namespace/rule/split.js'
import type { IndexState } from '../../namespace/state.js'
import type {
  AuthorisationJson,
  DecidedChangeJson,
  GoverningJson,
} from '../http/authorisation-shapes.js'
import type { EntryRulesJson, PermitJson } from '../http/shapes.js'
import { historyItemJson } from './namespace-views.js'

type JsonObject = Readonly<Record<string, Json>>

export function entryRulesJson(state: IndexState, entry: Entry): EntryRulesJson {
  const { uid, alias, rev, rules, splits = [] } = entry
  return {
    uid,
    alias,
    rev,
    rules: rules.map((rule) => ruleJson(state, rule)),
    splits: splits.map((split) => splitJson(state, split)),
  }
}

/** As people write it: what is shown can be sent back. */
function ruleJson(
  state: IndexState,
  { callers, from, until, brake, emergency, ...rule }: Rule,
): JsonObject {
  return {
    ...(rule as unknown as JsonObject),
    callers: callers.map((caller) =>
      typeof caller === 'string' ? nameOf(state, caller) : { subtree: caller.subtree },
    ),
    ...(from !== undefined && { from: toIso(from) }),
    ...(until !== undefined && { until: toIso(until) }),
    ...(brake && { brake: { until: toIso(brake.until) } }),
    ...(emergency && { emergency: emergency.grant }),
  }
}

export const splitJson = (state: IndexState, { port, backendRefs }: TrafficSplit): JsonObject => ({
  port,
  backendRefs: backendRefs.map((ref) => ({ ...ref, entry: nameOf(state, ref.entry) })),
})

/** The alias, while it is this entry's; the uid afterwards: an alias may be somebody else's by then. */
function nameOf(state: IndexState, uid: Uid): string {
  const entry = state.entries.get(uid)
  const isIts = entry && entry.state !== 'retiring' && state.entryByAlias(entry.alias)?.uid === uid
  return isIts ? entry.alias : uid
}

/** What the decision adds to what was asked. */
export function decisionJson(
  state: IndexState,
  decision: Decision,
): Pick<PermitJson, 'allowed' | 'rule' | 'denied'> {
  if (decision.allowed) return { allowed: true, rule: { ...decision.rule } }
  return { allowed: false, denied: deniedJson(state, decision) }
}

/** What it fails by, and who could make it otherwise. */
export const deniedJson = (
  state: IndexState,
  { condition, detail, guard, by }: Denied,
): NonNullable<PermitJson['denied']> => ({
  condition,
  detail,
  ...(guard !== undefined && { guard }),
  ...(by && { change: changeJson(state, by) }),
})

export const governingJson = ({ ceilings, guards }: Governing): GoverningJson => ({
  ceilings,
  guards: guards.map(({ scope, guard }) => ({ scope, guard: guard as unknown as JsonObject })),
})

export function authorisationJson({
  others,
  notLookedAt,
  ...found
}: Authorisation): AuthorisationJson {
  return {
    ...decidedChangeJson(found),
    others: others.map(historyItemJson),
    ...(notLookedAt !== undefined && { notLookedAt }),
  }
}

export function decidedChangeJson(found: DecidedChange): DecidedChangeJson {
  const { item, scope, group, voices, needs, groupNotLookedAt } = found
  return {
    change: historyItemJson(item),
    scope,
    group,
    needs: needs ?? null,
    votes: voices.map(({ cast, ...voice }) => ({ ...voice, cast: toIso(cast) })),
    ...(groupNotLookedAt !== undefined && { groupNotLookedAt }),
  }
}

function changeJson(
  state: IndexState,
  { kind, alias }: Changeable,
): NonNullable<NonNullable<PermitJson['denied']>['change']> {
  const { uid } = responsibleAbove(state, alias)
  const owner = kind === 'entry' ? state.entryByAlias(alias)?.owner.controller : undefined
  return {
    kind,
    alias,
    ...(owner !== undefined && { owner }),
    decidedBy: state.scopes.get(uid)?.alias ?? '',
  }
}
