import type { Json } from '../../core/canonical-json.js'
import { toIso, type UnixSeconds } from '../../core/time.js'
import type { LookAlikes } from '../../namespace/alike/look-alikes.js'
import type { Binding } from '../../namespace/binding.js'
import type { BrakeView } from '../../namespace/brake-view.js'
import type { Cluster } from '../../namespace/cluster.js'
import { responsibleAbove } from '../../namespace/decide.js'
import { effectiveEnvelope } from '../../namespace/effective-envelope.js'
import { type Entry, entryState } from '../../namespace/entry.js'
import type { Envelope } from '../../namespace/envelope.js'
import type { HistoryItem } from '../../namespace/history.js'
import type { Change } from '../../namespace/live-index.js'
import type { PlannedChange } from '../../namespace/plan/planned-change.js'
import type { ProposalView } from '../../namespace/proposal-view.js'
import { type RecoveryMark, recoveryStanding } from '../../namespace/recovery/recovery.js'
import type { Scope } from '../../namespace/scope.js'
import { type IndexState, projectedNames } from '../../namespace/state.js'
import type { BrakeJson } from '../http/brake-shapes.js'
import type { RecoveryMarkJson } from '../http/recovery-shapes.js'
import type { HistoryItemJson } from '../http/authorisation-shapes.js'
import type {
  ChangeJson,
  PlannedChangeJson,
  ProposalJson,
  WarningJson,
} from '../http/proposal-shapes.js'
import type { ClusterJson, EntryJson, ScopeJson } from '../http/shapes.js'

type JsonObject = Readonly<Record<string, Json>>

export function entryJson(state: IndexState, entry: Entry, now: UnixSeconds): EntryJson {
  const { uid, alias, rev, head, owner, labels } = entry
  return {
    uid,
    alias,
    state: entryState(entry, now),
    owner,
    rev,
    head,
    envelope: envelopeJson(state, entry.envelope),
    effectiveEnvelope: envelopeJson(state, effectiveEnvelope(state, entry)),
    bindings: entry.bindings.map((binding) => bindingJson(state, binding)),
    names: projectedNames(state, entry),
    labels,
    ...(entry.validUntil !== undefined && { validUntil: toIso(entry.validUntil) }),
    ...(entry.drainUntil !== undefined && { drainUntil: toIso(entry.drainUntil) }),
    ...(entry.brake && { brake: { until: toIso(entry.brake.until) } }),
    ...(entry.emergency && {
      emergency: { grant: entry.emergency.grant, until: toIso(entry.emergency.until) },
    }),
    createdAt: toIso(entry.createdAt),
  }
}

export function scopeJson(state: IndexState, scope: Scope, now: UnixSeconds): ScopeJson {
  const { uid, alias, rev, head } = scope
  return {
    uid,
    alias,
    state: scope.state,
    rev,
    head,
    envelope: envelopeJson(state, scope.envelope),
    effectiveEnvelope: envelopeJson(state, effectiveEnvelope(state, scope)),
    group: scope.group ? (scope.group as unknown as JsonObject) : null,
    decidedBy: decidesFor(state, scope),
    ...(scope.brake && { brake: { until: toIso(scope.brake.until) } }),
    ...(scope.recovery && { recovery: recoveryMarkJson(scope.recovery, now) }),
    createdAt: toIso(scope.createdAt),
  }
}

const recoveryMarkJson = (mark: RecoveryMark, now: UnixSeconds): RecoveryMarkJson => ({
  standing: recoveryStanding(mark, now),
  since: toIso(mark.since),
  due: toIso(mark.due),
  holders: mark.holders,
})

/** Alias of the scope whose voters decide about what is in this one. */
function decidesFor(state: IndexState, scope: Scope): string {
  if (scope.group && scope.state === 'active') return scope.alias
  const { uid } = responsibleAbove(state, scope.alias)
  return state.scopes.get(uid)?.alias ?? ''
}

export function clusterJson(cluster: Cluster): ClusterJson {
  const { uid, alias, rev, head, tokenReview, jwks } = cluster
  return {
    uid,
    alias,
    rev,
    head,
    identityTrustDomain: cluster.identityTrustDomain,
    controlPlaneNamespace: cluster.controlPlaneNamespace,
    issuer: cluster.issuer,
    audience: cluster.audience,
    validation: cluster.validation,
    ...(tokenReview && { tokenReview: { ...tokenReview } }),
    ...(jwks && { jwks: { ...jwks } }),
    createdAt: toIso(cluster.createdAt),
  }
}

export const historyItemJson = ({ at, ...item }: HistoryItem): HistoryItemJson => ({
  ...item,
  at: toIso(at),
})

export const changeJson = ({ at, ...change }: Change): ChangeJson => ({ ...change, at: toIso(at) })

/** Nothing where there is nothing to say. */
export function warningsJson({ found, complete }: LookAlikes): Pick<ChangeJson, 'warnings'> {
  const warnings: readonly WarningJson[] = [
    ...found.map((one) => ({ kind: 'looks-like', ...one }) as const),
    ...(complete ? [] : [{ kind: 'not-all-compared' } as const]),
  ]
  return warnings.length > 0 ? { warnings } : {}
}

export const brakeJson = ({ at, until, ...brake }: BrakeView): BrakeJson => ({
  ...brake,
  at: toIso(at),
  until: toIso(until),
})

export function proposalJson(view: ProposalView): ProposalJson {
  const { id, digest, standing, record, proposal, open, closed } = view
  return {
    id,
    digest,
    standing,
    record,
    proposal: proposal ? (proposal as unknown as JsonObject) : null,
    open: open ? openJson(open) : null,
    closed: closed ? { ...closed, at: toIso(closed.at) } : null,
  }
}

function openJson(open: NonNullable<ProposalView['open']>): NonNullable<ProposalJson['open']> {
  const { due, sides, missing, ...rest } = open
  return {
    ...rest,
    opened: toIso(open.opened),
    ...(due !== undefined && { due: toIso(due) }),
    votes: open.votes.map((vote) => ({ ...vote, cast: toIso(vote.cast) })),
    sides: sides ? (sides as unknown as JsonObject) : null,
    missing: missing ?? null,
    deadline: toIso(open.deadline),
  }
}

export const plannedJson = ({ request, ...change }: PlannedChange): PlannedChangeJson => ({
  ...change,
  // A request came in as JSON, or was made of one.
  request: request as unknown as JsonObject,
})

/** Clusters by the name that people know them by. */
function envelopeJson(state: IndexState, envelope: Envelope): JsonObject {
  const { clusters, ...rest } = envelope
  const named =
    clusters === undefined || clusters === '*'
      ? clusters
      : clusters.map((uid) => state.clusters.get(uid)?.alias ?? uid)
  return {
    ...(rest as unknown as JsonObject),
    ...(named !== undefined && { clusters: named }),
  }
}

function bindingJson(state: IndexState, binding: Binding): JsonObject {
  if (binding.kind !== 'k8s') return { ...binding }
  return { ...binding, cluster: state.clusters.get(binding.cluster)?.alias ?? binding.cluster }
}
