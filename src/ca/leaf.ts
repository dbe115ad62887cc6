import type { SpkiDer } from '../core/der.js'
import type { SerialNumber } from '../core/serial.js'
import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'

/** One subjectAltName. Their order is policy: a proxy takes its peer's identity from the first. */
export type SubjectAltName =
  | { readonly kind: 'dns'; readonly value: string }
  | { readonly kind: 'uri'; readonly value: string }
  | { readonly kind: 'ip'; readonly value: string }

export type Usage = 'serverAuth' | 'clientAuth'

/** Everything a leaf will say, decided before the key is used. */
export interface LeafPlan {
  readonly serial: SerialNumber
  /** Subject `UID=<entry uid>`; absent for the CA's own TLS certificates, whose subject is empty. */
  readonly subjectUid?: Uid
  readonly spki: SpkiDer
  readonly notBefore: UnixSeconds
  /** Inclusive (RFC 5280 section 4.1.2.5). */
  readonly notAfter: UnixSeconds
  /** At least one. */
  readonly names: readonly SubjectAltName[]
  readonly usages: readonly Usage[]
  /** Canonical JSON of the governed identity, carried in the non-critical identity extension. */
  readonly identity?: string
}
