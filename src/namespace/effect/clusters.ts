import { parseAlias } from '../../core/alias.js'
import { ok, refuse, type Result } from '../../core/result.js'
import type { UnixSeconds } from '../../core/time.js'
import type { Uid } from '../../core/uid.js'
import type { Cluster, ClusterFacts } from '../cluster.js'
import type { Entry } from '../entry.js'
import type { Operation } from '../operation.js'
import type { IndexState } from '../state.js'
import { type ChangeContext, type Decided, decided, gone } from './decision.js'
import { keepers } from './keepers.js'

type ClusterOperation = Extract<Operation, { op: `cluster.${string}` }>
type Registration = Extract<ClusterOperation, { op: 'cluster.register' }>

export function clusterEffect(
  state: IndexState,
  operation: ClusterOperation,
  context: ChangeContext,
): Result<Decided> {
  if (operation.op === 'cluster.register') return registration(state, operation, context)
  const cluster = state.clusters.get(operation.subject.uid)
  if (!cluster || cluster.state === 'retired') return gone('cluster', operation.subject.alias)
  const bound = boundTo(state, cluster, context.at)
  if (operation.op === 'cluster.remove') {
    if (bound) return stillBound(bound)
    return decided({ ...cluster, state: 'retired', rev: cluster.rev + 1 }, 'narrowing')
  }
  const facts = operation.body.cluster
  if (bound && !sameRegion(facts, cluster)) return stillBound(bound)
  const told = canBeTold(state, facts, cluster.uid)
  if (!told.ok) return told
  // The facts are replaced as a whole: what they leave out is gone.
  const { kind, uid, alias, head, createdAt, rev } = cluster
  const kept = { kind, uid, alias, head, createdAt, rev: rev + 1 } as const
  return decided({ ...facts, ...kept, state: 'active' }, 'structural')
}

function registration(
  state: IndexState,
  { subject: { alias }, body }: Registration,
  { newUid, at }: ChangeContext,
): Result<Decided> {
  const parsed = parseAlias(alias)
  if (!parsed.ok) return parsed
  if (state.clusterByAlias(alias)) {
    return refuse('namespace.exists', 'a cluster of this alias exists', {
      found: alias,
      next: `capstan cluster show ${alias}`,
    })
  }
  const told = canBeTold(state, body.cluster, undefined)
  if (!told.ok) return told
  const cluster: Cluster = {
    ...body.cluster,
    kind: 'cluster',
    uid: newUid,
    alias,
    state: 'active',
    rev: 1,
    head: '',
    createdAt: at,
  }
  return decided(cluster, 'structural')
}

/** An entry that is bound to it, or was when it was retired and drains still. */
function boundTo(state: IndexState, { uid }: Cluster, at: UnixSeconds): Entry | undefined {
  for (const entry of keepers(state, [[`k8s:${uid}/`, `k8s:${uid}0`]], at)) {
    const isBound = entry.bindings.some(
      (binding) => binding.kind === 'k8s' && binding.cluster === uid,
    )
    if (isBound) return entry
  }
  return undefined
}

const stillBound = (entry: Entry) =>
  refuse('namespace.not-empty', 'entries are bound to this cluster, and its names are theirs', {
    found: `entry ${entry.alias}`,
    next: `capstan bind rm ${entry.alias} BINDING`,
  })

const sameRegion = (a: ClusterFacts, b: ClusterFacts): boolean =>
  a.identityTrustDomain === b.identityTrustDomain &&
  a.controlPlaneNamespace === b.controlPlaneNamespace

/** Two clusters whose tokens say the same issuer, with names in one region, could not be told apart. */
function canBeTold(
  state: IndexState,
  facts: ClusterFacts,
  self: Uid | undefined,
): Result<undefined> {
  const twin = [...state.clusters.values()].find(
    (other) =>
      other.uid !== self &&
      other.state === 'active' &&
      other.issuer === facts.issuer &&
      sameRegion(other, facts),
  )
  if (!twin) return ok()
  return refuse(
    'namespace.selector-overlap',
    `its tokens could not be told from those of ${twin.alias}`,
    {
      wanted: 'a token issuer, or an identity trust domain, of its own',
      found: `${facts.issuer} and ${facts.identityTrustDomain}, as ${twin.alias} has`,
      next: 'give the cluster its own identityTrustDomain, or its API server its own issuer',
    },
  )
}
