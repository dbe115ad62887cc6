import type { CertificateDer } from '../core/der.js'

/** How an issuer signs. Named as in RFC 5758, RFC 8410 and RFC 8017. */
export type SignatureAlgorithm =
  'ecdsa-with-SHA256' | 'ecdsa-with-SHA384' | 'Ed25519' | 'sha256WithRSAEncryption'

/** The use of one private key. The key itself never crosses this port. */
export interface Signer {
  readonly algorithm: SignatureAlgorithm
  /** DER SubjectPublicKeyInfo of the key. */
  readonly spki: Uint8Array
  /**
   * Signs these bytes (ECDSA as DER Ecdsa-Sig-Value). Throws `DependencyError` when the key cannot
   * be used. May answer at once or later: a file key is synchronous, an HSM is not.
   */
  sign(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/** Opaque name of a sealed key: it says where the key is, never what it is. */
export type KeyRef = string

/** Private keys at rest. */
export interface KeyVault {
  /** Makes a key, seals it, and returns its name and its use. Durable once it resolves. */
  create(
    kind: 'P-256' | 'P-384' | 'Ed25519',
    label: string,
  ): Promise<{ ref: KeyRef; signer: Signer }>
  /** Seals an existing key, given as unencrypted PKCS#8 DER. Durable once it resolves. */
  adopt(pkcs8: Uint8Array, label: string): Promise<{ ref: KeyRef; signer: Signer }>
  /** Undefined when no such key is here (kept offline). Throws `DependencyError` when it will not open. */
  open(ref: KeyRef): Promise<Signer | undefined>
}

/** One CA certificate that Capstan knows. */
export interface AuthorityRecord {
  /** Hex of the first 8 octets of the subject key identifier: names its CRL and its metrics. */
  readonly id: string
  readonly role: 'trust-anchor' | 'intermediate' | 'issuer'
  readonly certificate: CertificateDer
  /** Certificates from this one's own issuer upward, trust anchor last; empty for a trust anchor. */
  readonly parents: readonly string[]
  /** Absent when the key is not here. */
  readonly keyRef?: KeyRef
  readonly state: 'active' | 'retired'
}

/** Where CA certificates are kept. */
export interface AuthorityStore {
  list(): Promise<readonly AuthorityRecord[]>
  /** Adds them all or none, durably. An id that exists is replaced. */
  put(records: readonly AuthorityRecord[]): Promise<void>
}
