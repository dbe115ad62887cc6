import { type Alias } from '../core/alias.js'
import { canonicalize } from '../core/canonical-json.js'
import { ok, type Result } from '../core/result.js'
import { toIso, unixSeconds } from '../core/time.js'
import { type Uid } from '../core/uid.js'
import { type Binding } from './binding.js'
import {
  type BindingRequest,
  type ChangeRequest,
  type NamespaceDocument,
  parseDocument,
} from './change-request.js'
import { type Cluster, type ClusterFacts } from './cluster.js'
import { ceiling } from './effective-envelope.js'
import { type Entry } from './entry.js'
import {
  defaultEntryEnvelope,
  type Envelope,
  exceeds,
  fullEnvelope,
  meet,
  normalize,
} from './envelope.js'
import { type IndexState } from './state.js'

/** One change of a plan, with its difference for people. */
export interface PlannedChange {
  readonly request: ChangeRequest
  readonly kind: 'add' | 'change' | 'remove'
  /** `entry payments/api` */
  readonly subject: string
  readonly lines: readonly string[]
}

/**
 * What it takes to make the namespace as the document says: parents before children, clusters
 * before what is bound to them, narrowing before widening. Pure; applying it twice plans nothing.
 */
export function planDocument(state: IndexState, value: unknown): Result<readonly PlannedChange[]> {
  const document = parseDocument(value)
  if (!document.ok) return document
  const changes = [
    ...planClusters(state, document.value),
    ...planScopes(state, document.value),
    ...planEntries(state, document.value),
    ...planPruning(state, document.value),
  ]
  const isNarrowing = ({ request }: PlannedChange): boolean =>
    request.op === 'envelope.set' && isNarrower(state, request.alias, request.envelope)
  return ok([...changes.filter(isNarrowing), ...changes.filter((change) => !isNarrowing(change))])
}

function isNarrower(state: IndexState, alias: string, envelope: Envelope): boolean {
  const object = state.scopeByAlias(alias as Alias) ?? state.entryByAlias(alias as Alias)
  return (
    object !== undefined &&
    exceeds(normalize({ ...object.envelope, ...envelope }), object.envelope) === undefined
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

function planScopes(state: IndexState, { scopes = [] }: NamespaceDocument): PlannedChange[] {
  const parentsFirst = [...scopes].sort(
    (a, b) => a.alias.split('/').length - b.alias.split('/').length,
  )
  return parentsFirst.flatMap(({ alias, envelope }): PlannedChange[] => {
    const present = state.scopeByAlias(alias as Alias)
    const subject = `scope ${alias}`
    if (!present) {
      const request = { op: 'scope.create' as const, alias, ...(envelope && { envelope }) }
      return [{ request, kind: 'add', subject, lines: linesOf(envelope ?? {}) }]
    }
    const preset = meet(fullEnvelope, ceiling(state, present.alias))
    return planEnvelope(state, subject, present, preset, envelope)
  })
}

function planEntries(state: IndexState, { entries = [] }: NamespaceDocument): PlannedChange[] {
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
        state,
        subject,
        present,
        meet(defaultEntryEnvelope, ceiling(state, present.alias)),
        wanted.envelope,
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
export function asRequest(state: IndexState, { id: _id, ...binding }: Binding): BindingRequest {
  if (binding.kind !== 'k8s') return binding
  return { ...binding, cluster: state.clusters.get(binding.cluster)?.alias ?? binding.cluster }
}

function planEnvelope(
  state: IndexState,
  subject: string,
  present: { readonly alias: Alias; readonly envelope: Envelope },
  preset: Envelope,
  asked: Envelope | undefined,
): PlannedChange[] {
  const { alias } = present
  const wanted = normalize({ ...preset, ...(asked && withClusterUids(state, asked)) })
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

function planPruning(
  state: IndexState,
  { prune, entries = [] }: NamespaceDocument,
): PlannedChange[] {
  if (prune !== true) return []
  const named = new Set(entries.map(({ alias }) => alias))
  return [...state.entries.values()]
    .filter((entry) => entry.state !== 'retiring' && !named.has(entry.alias))
    .map((entry) => ({
      request: { op: 'entry.retire', alias: entry.alias },
      kind: 'remove',
      subject: `entry ${entry.alias}`,
      lines: [`state: ${entry.state} -> retiring`],
    }))
}
