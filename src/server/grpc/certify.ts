import type { Caller } from '../../core/caller.js'
import type { Result } from '../../core/result.js'
import type { UnixSeconds } from '../../core/time.js'

/** What a proxy asks, past the checks that need no evidence. */
export interface CertifyInput {
  /** The exact name wanted; never empty. */
  readonly identity: string
  /** The file content of a projected service account token: printable ASCII and line ends, never empty. */
  readonly token: string
  /** DER PKCS#10, never empty; not looked at yet. */
  readonly csr: Uint8Array
  readonly requestId: string
  /** The peer's IP address, for the audit trail. */
  readonly remote: string
  readonly caller: Caller
}

export interface CertifyOutput {
  readonly leaf: Uint8Array
  /** The leaf's issuer first, then upwards. */
  readonly intermediates: readonly Uint8Array[]
  readonly validUntil: UnixSeconds
}

/** The use case behind `Identity/Certify`. Throws `DependencyError` for a broken world. */
export type Certify = (input: CertifyInput) => Promise<Result<CertifyOutput>>
