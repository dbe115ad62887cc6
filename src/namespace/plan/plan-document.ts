import type { Alias } from '../../core/alias.js'
import type { Refusal } from '../../core/refusal.js'
import { ok, refuse, type Result } from '../../core/result.js'
import { type NamespaceDocument, parseDocument } from '../change-request.js'
import { ceiling } from '../effective-envelope.js'
import { changedFields, type Envelope, exceeds, normalize } from '../envelope.js'
import { isSignable } from '../signable.js'
import type { IndexState } from '../state.js'
import { planClusters } from './plan-clusters.js'
import { planEntries, presentEntry } from './plan-entries.js'
import { planRules } from './plan-rules.js'
import { planScopes } from './plan-scopes.js'
import { brief, type PlannedChange } from './planned-change.js'

/** Of one document: all of them are in memory, and in one commit. */
const MAX_CHANGES = 50_000

/**
 * What it takes to make the namespace as the document says: giving up before taking, parents before
 * children, clusters before what is bound to them, entries before rules that name them. Pure; applying it twice plans nothing.
 */
export function planDocument(
  state: IndexState,
  value: unknown,
  most = MAX_CHANGES,
): Result<readonly PlannedChange[]> {
  const document = parseDocument(value)
  if (!document.ok) return document
  const signable = isSignable(value)
  if (!signable.ok) return signable
  const unique = namesOnce(document.value)
  if (!unique.ok) return unique
  const scopes = planScopes(state, document.value)
  const changes = [
    ...planClusters(state, document.value),
    ...scopes.changes,
    ...planEntries(state, scopes.after, document.value),
  ]
  for (const entry of document.value.entries ?? []) {
    const rules = planRules(state, presentEntry(state, entry.alias), entry)
    if (!rules.ok) return rules
    changes.push(...rules.value)
  }
  for (const change of planPruning(state, document.value)) {
    if (changes.length > most) break
    changes.push(change)
  }
  if (changes.length > most) {
    return refuse('namespace.malformed', 'the document changes too much at once', {
      wanted: `at most ${most} changes`,
      next: 'apply it in parts; without prune, the parts add up',
    })
  }
  const givesUp = ({ request }: PlannedChange): boolean =>
    givesUpAlways.has(request.op) ||
    (request.op === 'envelope.set' && isNarrower(state, request.alias, request.envelope))
  return ok([...changes.filter(givesUp), ...changes.filter((change) => !givesUp(change))])
}

const givesUpAlways: ReadonlySet<string> = new Set([
  ...['binding.remove', 'entry.retire', 'rule.detach', 'split.clear'],
])

/** Two descriptions of one object would undo each other at every apply. */
function namesOnce(document: NamespaceDocument): Result<undefined, Refusal<'namespace.malformed'>> {
  for (const list of ['scopes', 'clusters', 'entries'] as const) {
    const seen = new Set<string>()
    const twice = (document[list] ?? []).find(({ alias }) => seen.size === seen.add(alias).size)
    if (twice !== undefined) return describedTwice(list, twice.alias)
  }
  for (const { alias, bindings, rules, splits } of document.entries ?? []) {
    if (repeats(bindings, brief)) return describedTwice('bindings', alias)
    if (repeats(rules, ({ id, ...rule }) => id ?? brief(rule)))
      return describedTwice('rules', alias)
    if (repeats(splits, ({ port }) => port)) return describedTwice('splits', alias)
  }
  for (const { alias, guards } of document.scopes ?? []) {
    if (repeats(guards, ({ id }) => id)) return describedTwice('guards', alias)
  }
  return ok()
}

const repeats = <T>(all: readonly T[] = [], name: (one: T) => unknown): boolean =>
  new Set(all.map(name)).size < all.length

const describedTwice = (what: string, found: string) =>
  refuse('namespace.malformed', 'the document describes something twice', {
    wanted: `one description of each of its ${what}`,
    found,
  })

/** Does it only give up power, and may it do so before anything else changes? */
function isNarrower(state: IndexState, alias: string, asked: Envelope): boolean {
  const object = state.scopeByAlias(alias as Alias) ?? state.entryByAlias(alias as Alias)
  if (!object) return false
  const envelope = normalize({ ...object.envelope, ...asked })
  const changed = changedFields(object.envelope, envelope)
  return (
    exceeds(envelope, object.envelope) === undefined &&
    exceeds(changed, ceiling(state, object.alias)) === undefined
  )
}

/** Every entry that is not in the document, and holds its alias still. */
function* planPruning(
  state: IndexState,
  { prune, entries = [] }: NamespaceDocument,
): Iterable<PlannedChange> {
  if (prune !== true) return
  const named = new Set(entries.map(({ alias }) => `alias:${alias}`))
  for (const [key, uid] of state.tables.held.range('alias:', 'alias;')) {
    const entry = named.has(key) ? undefined : state.entries.get(uid)
    if (!entry) continue
    yield {
      request: { op: 'entry.retire', alias: entry.alias },
      kind: 'remove',
      subject: `entry ${entry.alias}`,
      lines: [`state: ${entry.state} -> retiring`],
    }
  }
}
