import { ROOT } from '../../core/alias.js'
import { canonicalize } from '../../core/canonical-json.js'
import { ok, refuse, type Result } from '../../core/result.js'
import type { UnixSeconds } from '../../core/time.js'
import type { Uid } from '../../core/uid.js'
import { effectiveEnvelope } from '../effective-envelope.js'
import type { EmergencyMark } from '../emergency/emergency.js'
import type { InvocationStatement } from '../emergency/emergency-statements.js'
import { type Entry, entryState } from '../entry.js'
import { coversPorts, holdsRegion } from '../envelope.js'
import type { Operation } from '../operation.js'
import {
  isNarrowerRule,
  MAX_RULES,
  MAX_RULES_OCTETS,
  normalizeRule,
  type Rule,
  type RuleFacts,
  wellFormedRule,
} from '../rule/rule.js'
import type { IndexState } from '../state.js'
import { type Decided, decided, gone } from './decision.js'
import { heldFor } from './held.js'
import { scopePath } from '../scope-path.js'

type RuleOperation = Extract<Operation, { op: `rule.${string}` }>

/** Of the rule that the use of a grant makes: `seq` is the number of its record. */
export const emergencyRuleId = (seq: number): string => `emergency-${seq}`

/** One more rule, of one caller, until a grant ends; those that ended before go. */
export function temporaryRule(
  state: IndexState,
  entry: Entry,
  { caller, ...facts }: NonNullable<InvocationStatement['call']>,
  { mark, at }: { readonly mark: EmergencyMark; readonly at: UnixSeconds },
): Result<Entry> {
  if (entry.state === 'retiring') return gone('entry', entry.alias)
  const id = emergencyRuleId(state.size)
  const until = mark.until
  const rule = normalizeRule({ ...facts, id, effect: 'allow', callers: [caller], until })
  const formed = wellFormedRule(rule)
  if (!formed.ok) return formed
  const named = namesWhatExists(state, rule, undefined, at)
  if (!named.ok) return named
  const fits = withinCeilings(state, entry, rule)
  if (!fits.ok) return fits
  const others = entry.rules.filter(({ emergency }) => !emergency || at < emergency.until)
  if (others.some((one) => one.id === id)) return exists(entry, id)
  const rev = entry.rev + 1
  // It is over: else there would be no rule.
  const { heldUntil: _over, ...free } = entry
  return withRules({ ...free, rev }, [...others, { ...rule, rev, emergency: mark }])
}

/** `entry` has its next revision already. */
export function ruleEffect(
  state: IndexState,
  entry: Entry,
  { op, body }: RuleOperation,
  at: UnixSeconds,
): Result<Decided> {
  const id = typeof body.rule === 'string' ? body.rule : body.rule.id
  const before = entry.rules.find((rule) => rule.id === id)
  if (op === 'rule.attach' ? before : !before) {
    return before ? exists(entry, id) : noSuchRule(entry, id)
  }
  const others = entry.rules.filter((rule) => rule.id !== id)
  if (op === 'rule.detach') {
    const left: Entry = { ...entry, rules: others }
    return decided(before ? heldFor(state, left, before, at) : left, 'narrowing')
  }

  const formed = wellFormedRule(body.rule)
  if (!formed.ok) return formed
  const facts = normalizeRule(body.rule)
  // What only gives up is not asked for anew, whatever became of the rest of it meanwhile.
  if (before && isNarrowerRule(facts, before)) return put(entry, others, facts, 'narrowing')
  const named = namesWhatExists(state, facts, before, at)
  if (!named.ok) return named
  const fits = withinCeilings(state, entry, facts)
  return fits.ok ? put(entry, others, facts, 'sensitive') : fits
}

function put(
  entry: Entry,
  others: readonly Rule[],
  facts: RuleFacts,
  changeClass: 'narrowing' | 'sensitive',
): Result<Decided> {
  // A brake on it stays: what takes its place would else be a way around it.
  const brake = entry.rules.find(({ id }) => id === facts.id)?.brake
  const rule = { ...facts, rev: entry.rev, ...(brake && { brake }) }
  const after = withRules(entry, [...others, rule])
  return after.ok ? decided(after.value, changeClass) : after
}

function withRules(entry: Entry, all: readonly Rule[]): Result<Entry> {
  const rules = [...all].sort((a, b) => (a.id < b.id ? -1 : 1))
  const octets = Buffer.byteLength(canonicalize(rules))
  if (rules.length > MAX_RULES || octets > MAX_RULES_OCTETS) {
    return refuse('namespace.malformed', 'the entry has too many rules', {
      wanted: `at most ${MAX_RULES} rules in ${MAX_RULES_OCTETS} octets`,
      found: `${rules.length} rules in ${octets} octets`,
      next: 'name a subtree in place of many callers, or detach what nobody needs',
    })
  }
  return ok({ ...entry, rules })
}

const exists = (entry: Entry, id: string) =>
  refuse('namespace.exists', 'the entry has a rule of this id', {
    found: id,
    next: `capstan rules replace ${entry.alias} --id ${id}`,
  })

const noSuchRule = (entry: Entry, id: string) =>
  refuse('namespace.unknown', 'the entry has no such rule', {
    found: id,
    next: `capstan rules list ${entry.alias}`,
  })

/** Callers that the rule had before may have gone meanwhile: a uid is never anybody else's. */
function namesWhatExists(
  state: IndexState,
  { callers }: RuleFacts,
  before: RuleFacts | undefined,
  at: UnixSeconds,
): Result<undefined> {
  const known = new Set<Uid>(before?.callers.filter((caller) => typeof caller === 'string'))
  for (const caller of callers) {
    if (typeof caller === 'string') {
      const entry = state.entries.get(caller)
      if (known.has(caller)) continue
      if (!entry || ['retiring', 'retired'].includes(entryState(entry, at))) {
        return gone('entry', entry?.alias ?? caller)
      }
    } else if (caller.subtree !== ROOT && !state.scopeByAlias(caller.subtree)) {
      return refuse('namespace.unknown', 'a subtree is the region of a scope', {
        wanted: 'a scope that there is: who may add names to it is then decided there',
        found: caller.subtree,
        next: `capstan scope create ${caller.subtree}`,
      })
    }
  }
  return ok()
}

/** A rule that no call could pass is a mistake; guards and callers' own ceilings may change later. */
function withinCeilings(state: IndexState, entry: Entry, rule: RuleFacts): Result<undefined> {
  const { mayAccept = [], ports = [] } = effectiveEnvelope(state, entry)
  const regions = rule.callers.map((caller) =>
    typeof caller === 'string' ? state.entries.get(caller)?.alias : caller.subtree,
  )
  const outside = regions.find((region) => region !== undefined && !holdsRegion(mayAccept, region))
  if (outside !== undefined) return exceeds(entry, 'mayAccept', mayAccept, outside)
  if (!coversPorts(ports, rule.ports)) return exceeds(entry, 'ports', ports, rule.ports)
  if (rule.routes) return ok()
  for (const scope of scopePath(state, entry.alias)) {
    const guard = scope.guards?.find(({ effect }) => effect === 'requireRoutes')
    if (guard) {
      return refuse('namespace.guard-forbids', 'a guard above the entry wants routes', {
        wanted: 'a rule with routes',
        found: `guard ${guard.id} of the scope ${scope.alias || '/'}`,
        next: `capstan guards list ${scope.alias || '/'}`,
      })
    }
  }
  return ok()
}

const exceeds = (entry: Entry, field: string, wanted: unknown, found: unknown) =>
  refuse('namespace.envelope-exceeds-parent', `${field} of the callee does not allow this rule`, {
    wanted: `${field} within ${JSON.stringify(wanted)}`,
    found: JSON.stringify(found),
    next: `capstan envelope show ${entry.alias} --effective`,
  })
