import type { SpkiDer } from '../core/der.js'
import type { KeyAlgorithm } from '../core/key-algorithm.js'

/**
 * What a CSR asks to be called. Compared with the grant, never copied into a leaf. Subject
 * attributes other than the common name (`O`, `C`, ...) are left out: tools fill them in without
 * being told to, and no leaf holds them.
 */
export interface RequestedNames {
  /** Empty when the subject has no common name. */
  readonly commonName: string
  readonly dns: readonly string[]
  readonly uris: readonly string[]
  /** Kinds of the other subjectAltNames asked for (`email`, `ip`, `dirName`, ...): never granted. */
  readonly others: readonly string[]
}

declare const verified: unique symbol

/** Proof that the requester holds the private key. Only `verifyCsr` makes one, and `unpackCsr` again of what it made. */
export interface VerifiedCsr {
  readonly [verified]: true
  readonly spki: SpkiDer
  readonly keyAlgorithm: KeyAlgorithm
  readonly requested: RequestedNames
  /** PKCS#9 challengePassword (RFC 2985 section 5.4.1), when there is one. */
  readonly challengePassword?: string
}
