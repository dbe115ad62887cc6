import type { Caller } from '../core/caller.js'
import type { Result } from '../core/result.js'
import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { UnverifiedToken } from '../tokenreview/unverified-token.js'
import type { KubernetesFacts } from './facts.js'

export type { UnverifiedToken } from '../tokenreview/unverified-token.js'

/**
 * Turns one cluster's service account tokens into facts. Throws `DependencyError` when the cluster
 * could not be asked.
 */
export interface PodAttestor {
  verify(token: UnverifiedToken, now: UnixSeconds, caller: Caller): Promise<Result<KubernetesFacts>>
}

/** The attestor of each governed cluster; undefined for one that this server has no way to ask. */
export type PodAttestors = (cluster: Uid) => PodAttestor | undefined
