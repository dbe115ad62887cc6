import type { SerialNumber } from '../core/serial.js'
import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'

/** What a Kubernetes cluster vouches for. */
export interface KubernetesFacts {
  readonly kind: 'k8s'
  /** The governed cluster whose keys or API server were asked. */
  readonly cluster: Uid
  readonly namespace: string
  readonly serviceAccount: string
  readonly serviceAccountUid: string
  readonly podName?: string
  readonly podUid?: string
  readonly nodeName?: string
  /** `JTI=...` or the token's `jti`, for the audit trail. */
  readonly credentialId?: string
  readonly checked: 'online' | 'offline' | 'both'
}

/** Somebody with authority over the entry handed out this token. */
export interface JoinTokenFacts {
  readonly kind: 'join-token'
  readonly entry: Uid
  readonly tokenId: string
}

/** The holder of a certificate that Capstan issued, still standing for the same entry. */
export interface RenewalFacts {
  readonly kind: 'renewal'
  readonly entry: Uid
  readonly parentSerial: SerialNumber
  readonly parentNotAfter: UnixSeconds
  /** The binding that the first certificate of this chain of renewals was granted by; null: a join token. */
  readonly binding: string | null
}

/** What is true, established by an attestor. Facts, not permissions. */
export type AttestedFacts = KubernetesFacts | JoinTokenFacts | RenewalFacts
