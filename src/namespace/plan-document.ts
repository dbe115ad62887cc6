import type { Alias } from '../core/alias.js'
import { canonicalize } from '../core/canonical-json.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { toIso, unixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { Binding } from './binding.js'
import {
  type BindingRequest,
  type ChangeRequest,
  type NamespaceDocument,
  parseDocument,
} from './change-request.js'
import type { Cluster, ClusterFacts } from './cluster.js'
import { ceiling, type Scopes } from './effective-envelope.js'
import type { Entry } from './entry.js'
import {
  changedFields,
  defaultEntryEnvelope,
  type Envelope,
  exceeds,
  fullEnvelope,
  meet,
  normalize,
} from './envelope.js'
import { isSignable } from './signable.js'
import type { IndexState } from './state.js'

/** Of one document: all of them are in memory, and in one commit. */
const MAX_CHANGES = 50_000

/** One change of a plan, with its difference for people. */
export interface PlannedChange {
  readonly request: ChangeRequest
  readonly kind: 'add' | 'change' | 'remove'
  /** `entry payments/api` */
  readonly subject: string
  readonly lines: readonly string[]
}

/**
 * What it takes to make the namespace as the document says: giving up before taking, parents before
 * children, clusters before what is bound to them. Pure; applying it twice plans nothing.
 */
export function planDocument(state: IndexState, value: unknown): Result<readonly PlannedChange[]> {
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
  for (const change of planPruning(state, document.value)) {
    if (changes.length > MAX_CHANGES) break
    changes.push(change)
  }
  if (changes.length > MAX_CHANGES) {
    return refuse('namespace.malformed', 'the document changes too much at once', {
      wanted: `at most ${MAX_CHANGES} changes`,
      next: 'apply it in parts; without prune, the parts add up',
    })
  }
  const givesUp = ({ request }: PlannedChange): boolean =>
    request.op === 'binding.remove' ||
    request.op === 'entry.retire' ||
    (request.op === 'envelope.set' && isNarrower(state, request.alias, request.envelope))
  return ok([...changes.filter(givesUp), ...changes.filter((change) => !givesUp(change))])
}

/** Two descriptions of one object would undo each other at every apply. */
function namesOnce(document: NamespaceDocument): Result<undefined, Refusal<'namespace.malformed'>> {
  for (const list of ['scopes', 'clusters', 'entries'] as const) {
    const seen = new Set<string>()
    const twice = (document[list] ?? []).find(({ alias }) => seen.size === seen.add(alias).size)
    if (twice !== undefined) return describedTwice(list, twice.alias)
  }
  const bound = document.entries?.find(({ bindings }) => repeats(bindings))
  return bound ? describedTwice('bindings', bound.alias) : ok()
}

const repeats = (all: readonly BindingRequest[] = []) => new Set(all.map(spell)).size < all.length

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

function planClusters(state: IndexState, { clusters = [] }: NamespaceDocument): PlannedChange[] {
  return clusters.flatMap(({ alias, ...cluster }): PlannedChange[] => {
    const present = state.clusterByAlias(alias as Alias)
    const subject = `cluster ${alias}`
    if (!present) {
      return [
        {
          request: { op: 'cluster.register', alias, cluster },
          kind: 'add',
          subject,
          lines: linesOf(cluster),
        },
      ]
    }
    const lines = difference(factsOf(present), cluster)
    if (lines.length === 0) return []
    return [{ request: { op: 'cluster.update', alias, cluster }, kind: 'change', subject, lines }]
  })
}

function factsOf(cluster: Cluster): ClusterFacts {
  const { kind: _kind, uid: _uid, alias: _alias, state: _state, ...rest } = cluster
  const { rev: _rev, head: _head, createdAt: _createdAt, ...facts } = rest
  return facts
}

/** The changes of scopes, and the scopes as they will be: what entries are cut down to. */
function planScopes(
  state: IndexState,
  { scopes = [] }: NamespaceDocument,
): { readonly changes: readonly PlannedChange[]; readonly after: Scopes } {
  const planned = new Map<string, ReturnType<Scopes['scopeByAlias']>>()
  const after: Scopes = {
    root: state.root,
    scopeByAlias: (alias) => planned.get(alias) ?? state.scopeByAlias(alias),
  }
  const parentsFirst = [...scopes].sort(
    (a, b) => a.alias.split('/').length - b.alias.split('/').length,
  )
  const changes = parentsFirst.flatMap(({ alias, envelope }): readonly PlannedChange[] => {
    const name = alias as Alias
    const present = state.scopeByAlias(name)
    const subject = `scope ${alias}`
    const wanted = wantedEnvelope(state, meet(fullEnvelope, ceiling(after, name)), envelope)
    planned.set(alias, { state: 'active', ...present, alias: name, envelope: wanted })
    if (present) return planEnvelope(subject, present, wanted)
    const request = { op: 'scope.create' as const, alias, ...(envelope && { envelope }) }
    return [{ request, kind: 'add', subject, lines: linesOf(envelope ?? {}) }]
  })
  return { changes, after }
}

function planEntries(
  state: IndexState,
  scopes: Scopes,
  { entries = [] }: NamespaceDocument,
): PlannedChange[] {
  return entries.flatMap((wanted): PlannedChange[] => {
    const { alias, state: wantedState, ...rest } = wanted
    const subject = `entry ${alias}`
    const found = state.entryByAlias(alias as Alias)
    const present = found?.state === 'retiring' ? undefined : found
    if (!present) {
      const create = {
        request: { op: 'entry.create' as const, alias, ...rest },
        kind: 'add' as const,
        subject,
      }
      return [
        { ...create, lines: linesOf(rest) },
        ...(wantedState === 'suspended' ? [stateChange(alias, 'suspended')] : []),
      ]
    }
    return [
      ...planDetails(subject, present, wanted),
      ...planBindings(state, subject, present, wanted.bindings ?? []),
      ...planEnvelope(
        subject,
        present,
        wantedEnvelope(
          state,
          meet(defaultEntryEnvelope, ceiling(scopes, present.alias)),
          wanted.envelope,
        ),
      ),
      ...(wantedState !== undefined && wantedState !== present.state
        ? [stateChange(alias, wantedState)]
        : []),
    ]
  })
}

function stateChange(alias: string, to: 'active' | 'suspended'): PlannedChange {
  const op = to === 'suspended' ? 'entry.suspend' : 'entry.reactivate'
  return {
    request: { op, alias },
    kind: 'change',
    subject: `entry ${alias}`,
    lines: [`state: ${to}`],
  }
}

type WantedEntry = NonNullable<NamespaceDocument['entries']>[number]

function planDetails(subject: string, present: Entry, wanted: WantedEntry): PlannedChange[] {
  const { alias } = wanted
  const wantedUntil =
    typeof wanted.validUntil === 'string'
      ? unixSeconds(Date.parse(wanted.validUntil) / 1000)
      : wanted.validUntil
  const before = {
    owner: present.owner,
    labels: present.labels,
    ...(present.validUntil !== undefined && { validUntil: toIso(present.validUntil) }),
  }
  const after = {
    owner: wanted.owner,
    labels: wanted.labels ?? {},
    ...(wantedUntil !== undefined && { validUntil: toIso(unixSeconds(wantedUntil)) }),
  }
  const lines = difference(before, after)
  if (lines.length === 0) return []
  const owner = canonicalize(before.owner) === canonicalize(after.owner) ? undefined : after.owner
  const request: ChangeRequest = {
    op: 'entry.update',
    alias,
    ...(owner && { owner }),
    labels: after.labels,
    ...(before.validUntil !== after.validUntil && { validUntil: after.validUntil ?? null }),
  }
  return [{ request, kind: 'change', subject, lines }]
}

function planBindings(
  state: IndexState,
  subject: string,
  present: Entry,
  wanted: readonly BindingRequest[],
): PlannedChange[] {
  const { alias } = present
  const spelled = new Map(
    present.bindings.map((binding) => [spell(asRequest(state, binding)), binding]),
  )
  const missing = wanted.filter((binding) => !spelled.has(spell(binding)))
  const kept = new Set(wanted.map(spell))
  const surplus = [...spelled].filter(([text]) => !kept.has(text))
  return [
    ...surplus.map(([text, binding]): PlannedChange => ({
      request: { op: 'binding.remove', alias, binding: binding.id },
      kind: 'change',
      subject,
      lines: [`binding: - ${text}`],
    })),
    ...missing.map((binding): PlannedChange => ({
      request: { op: 'binding.add', alias, binding },
      kind: 'change',
      subject,
      lines: [`binding: + ${spell(binding)}`],
    })),
  ]
}

const spell = (binding: BindingRequest): string => canonicalize(binding).replaceAll('"', '')

/** A stored binding as people write it. */
function asRequest(state: IndexState, { id: _id, ...binding }: Binding): BindingRequest {
  if (binding.kind !== 'k8s') return binding
  return { ...binding, cluster: state.clusters.get(binding.cluster)?.alias ?? binding.cluster }
}

/** The default, cut down to what is allowed above; and on top of it what was asked for, uncut. */
const wantedEnvelope = (state: IndexState, preset: Envelope, asked: Envelope = {}): Envelope =>
  normalize({ ...preset, ...withClusterUids(state, asked) })

function planEnvelope(
  subject: string,
  present: { readonly alias: Alias; readonly envelope: Envelope },
  wanted: Envelope,
): PlannedChange[] {
  const { alias } = present
  const lines = difference(present.envelope, wanted)
  if (lines.length === 0) return []
  return [
    { request: { op: 'envelope.set', alias, envelope: wanted }, kind: 'change', subject, lines },
  ]
}

function withClusterUids(state: IndexState, envelope: Envelope): Envelope {
  const { clusters } = envelope
  if (!Array.isArray(clusters)) return envelope
  return {
    ...envelope,
    // An alias that is not registered stays, and is refused by name when the change is made.
    clusters: (clusters as readonly Uid[]).map(
      (alias) => state.clusterByAlias(alias as string as Alias)?.uid ?? alias,
    ),
  }
}

const linesOf = (value: object): string[] =>
  Object.entries(value).map(([field, item]) => `${field}: ${brief(item)}`)

function difference(before: object, after: object): string[] {
  const [old, fresh] = [Object.entries(before), Object.entries(after)]
  const fields = [...new Set([...old, ...fresh].map(([field]) => field))].sort()
  const [was, is] = [new Map<string, unknown>(old), new Map<string, unknown>(fresh)]
  return fields.flatMap((field) => {
    const [from, to] = [brief(was.get(field)), brief(is.get(field))]
    return from === to ? [] : [`${field}: ${from} -> ${to}`]
  })
}

const brief = (value: unknown): string =>
  value === undefined ? 'none' : canonicalize(value).replaceAll('"', '')

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
