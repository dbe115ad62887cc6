import type { Result } from '../core/result.js'
import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { KubernetesFacts } from './facts.js'

/**
 * Turns one cluster's service account tokens into facts. Throws `DependencyError` when the cluster
 * could not be asked.
 */
export interface PodAttestor {
  verify(token: string, now: UnixSeconds, signal: AbortSignal): Promise<Result<KubernetesFacts>>
}

/** The attestor of each governed cluster; undefined for one that this server has no way to ask. */
export type PodAttestors = (cluster: Uid) => PodAttestor | undefined
