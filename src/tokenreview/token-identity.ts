import type { Uid } from '../core/uid.js'

/** The pod that a token is bound to, by everything that a cluster tells apart. */
export interface TokenIdentity {
  readonly namespace: string
  readonly serviceAccount: string
  /** A service account made again under the same name has another uid. */
  readonly serviceAccountUid: string
  readonly podName: string
  readonly podUid: string
  /** Told by clusters from 1.30 on. */
  readonly nodeName?: string
  /** `JTI=<jti>`, for the audit trail; told by clusters from 1.30 on. */
  readonly credentialId?: string
}

/** What a verified token proves about its bearer. */
export interface TokenFacts extends TokenIdentity {
  readonly kind: 'k8s'
  /** The governed cluster whose keys or API server were asked. */
  readonly cluster: Uid
  readonly checked: 'online' | 'offline' | 'both'
}

/** Do both speak of one pod? Node and credential count only where both tell them. */
export function isSameIdentity(one: TokenIdentity, other: TokenIdentity): boolean {
  return (
    one.namespace === other.namespace &&
    one.serviceAccount === other.serviceAccount &&
    one.serviceAccountUid === other.serviceAccountUid &&
    one.podName === other.podName &&
    one.podUid === other.podUid &&
    agree(one.nodeName, other.nodeName) &&
    agree(one.credentialId, other.credentialId)
  )
}

function agree(one: string | undefined, other: string | undefined): boolean {
  return one === undefined || other === undefined || one === other
}
