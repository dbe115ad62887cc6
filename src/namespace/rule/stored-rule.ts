import type { Alias } from '../../core/alias.js'
import { canonicalize } from '../../core/canonical-json.js'
import type { Refusal } from '../../core/refusal.js'
import { ok, refuse, type Result } from '../../core/result.js'
import { toInstant } from '../../core/time.js'
import { base32, sha256, type Uid } from '../../core/uid.js'
import type { IndexState } from '../state.js'
import { normalizeRule, type RuleCaller, type RuleFacts, wellFormedRule } from './rule.js'
import type { RuleRequest, SplitRequest } from './rule-request.js'
import { normalizeSplit, type TrafficSplit } from './split.js'

/** The rule with uids for aliases, in normal form. */
export function storedRule(
  state: IndexState,
  request: RuleRequest,
): Result<RuleFacts, Refusal<'namespace.unknown' | 'namespace.malformed'>> {
  const callers: RuleCaller[] = []
  for (const caller of request.callers) {
    if (typeof caller !== 'string') callers.push({ subtree: caller.subtree as Alias })
    else {
      const uid = uidOf(state, caller)
      if (!uid.ok) return uid
      callers.push(uid.value)
    }
  }
  const { routes, from, until } = request
  const facts: RuleFacts = {
    id: request.id ?? '',
    effect: 'allow',
    callers,
    ports: request.ports.map((port) => (typeof port === 'number' ? [port, port] : port)),
    proto: request.proto ?? 'http',
    ...(routes && { routes }),
    ...(from !== undefined && { from: toInstant(from) }),
    ...(until !== undefined && { until: toInstant(until) }),
  }
  const formed = wellFormedRule(facts)
  if (!formed.ok) return formed
  const rule = normalizeRule(facts)
  return ok(rule.id === '' ? { ...rule, id: ownId(rule) } : rule)
}

/** The same rule has the same id: attaching it twice is refused. */
const ownId = (rule: RuleFacts): string => `r${base32(sha256(canonicalize(rule))).slice(0, 12)}`

export function storedSplit(
  state: IndexState,
  { port, backendRefs }: SplitRequest,
): Result<TrafficSplit, Refusal<'namespace.unknown'>> {
  const stored: TrafficSplit['backendRefs'][number][] = []
  for (const { entry, port: own, weight = 1 } of backendRefs) {
    const uid = uidOf(state, entry)
    if (!uid.ok) return uid
    stored.push({ entry: uid.value, ...(own !== undefined && { port: own }), weight })
  }
  return ok(normalizeSplit({ port, backendRefs: stored }))
}

/** The entry that holds the alias now; no redirect is followed: what was renamed is named anew. */
function uidOf(state: IndexState, alias: string): Result<Uid, Refusal<'namespace.unknown'>> {
  const entry = state.entryByAlias(alias as Alias)
  if (entry && entry.state !== 'retiring') return ok(entry.uid)
  return refuse('namespace.unknown', 'there is no such entry', {
    found: JSON.stringify(alias.slice(0, 200)),
    next: 'capstan entry ls',
  })
}
