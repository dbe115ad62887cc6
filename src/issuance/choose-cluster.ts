import type { Alias } from '../core/alias.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { Cluster } from '../namespace/cluster.js'
import type { IndexState } from '../namespace/state.js'

/** What is known before anything is verified. */
export interface ClusterHints {
  /** The token's own, unverified `iss`. */
  readonly issuer: string | undefined
  readonly cluster: Alias | undefined
  /** The Linkerd name asked for: it ends in its cluster's region. */
  readonly identity: string | undefined
}

/**
 * The one registered cluster that this token can come from. It is never sent anywhere else: the
 * owner of another cluster could otherwise replay it. What is chosen here is then verified by that
 * cluster, exactly.
 */
export function chooseCluster(
  state: IndexState,
  { issuer, cluster, identity }: ClusterHints,
): Result<Cluster, Refusal<'token.malformed' | 'token.unknown-cluster'>> {
  if (issuer === undefined) {
    return refuse('token.malformed', 'not a service account token', {
      wanted: 'a compact JWS with an issuer',
    })
  }
  const candidates = [...state.clusters.values()].filter(
    (candidate) =>
      candidate.state === 'active' &&
      candidate.issuer === issuer &&
      (cluster === undefined || candidate.alias === cluster) &&
      (identity === undefined || identity.endsWith(regionOf(candidate))),
  )
  const [only, ...others] = candidates
  if (only && others.length === 0) return ok(only)
  return refuse('token.unknown-cluster', 'the token is of no cluster that is registered here', {
    wanted: only
      ? 'a token that only one cluster can have issued'
      : 'a token of a registered cluster',
    found: `issuer ${JSON.stringify(issuer.slice(0, 200))}`,
    next: only ? 'name the cluster in the request' : 'capstan cluster ls',
  })
}

const regionOf = (cluster: Cluster): string =>
  `.serviceaccount.identity.${cluster.controlPlaneNamespace}.${cluster.identityTrustDomain}`
