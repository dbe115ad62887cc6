import type { Alias } from '../core/alias.js'
import type { TrustDomain } from '../core/names.js'
import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'

/** What is governed about a cluster: who speaks for it, and where its names live. */
export interface ClusterFacts {
  readonly identityTrustDomain: TrustDomain
  readonly controlPlaneNamespace: string
  /** The exact `iss` of its service account tokens. */
  readonly issuer: string
  /** The one audience asked for: this CA's alone. */
  readonly audience: string
  readonly validation: 'online' | 'offline' | 'both'
  /** How its API server is reached; a path, never a credential. */
  readonly tokenReview?:
    { readonly kubeconfig: string; readonly context?: string } | { readonly inCluster: true }
  readonly jwks?:
    { readonly file: string } | { readonly url: string } | { readonly discovery: true }
}

export interface Cluster extends ClusterFacts {
  readonly kind: 'cluster'
  readonly uid: Uid
  readonly alias: Alias
  readonly state: 'active' | 'retired'
  readonly rev: number
  /** Hash of the latest record about it. */
  readonly head: string
  readonly createdAt: UnixSeconds
}
