import type { UnixSeconds } from '../core/time.js'
import type { IssuanceRecord } from './issuance-record.js'

/** What a certificate says of itself, as far as a grant has a word for it. */
export interface CertificateClaims {
  /** Lower-case hex. */
  readonly serial: string
  readonly notBefore: UnixSeconds
  /** Inclusive. */
  readonly notAfter: UnixSeconds
  /** In their order; kinds that no grant has are in it too. */
  readonly names: readonly { readonly kind: string; readonly value: string }[]
  /** Undefined for a key that no leaf may carry. */
  readonly keyAlgorithm: string | undefined
  readonly usages: readonly string[]
  /** Text of the governed-identity extension. */
  readonly identity: string | undefined
  /** `UID=e...`; empty for an empty one. */
  readonly subject: string
  /** It may sign, or says what nobody understands. */
  readonly isMoreThanLeaf: boolean
}

/** One certificate of the issuance log, and as much of it as there is to look at. */
export interface IssuedThen {
  readonly record: IssuanceRecord
  /** DER, with what it says: undefined claims are of octets that are no certificate. */
  readonly certificate?: {
    readonly der: Uint8Array
    readonly claims: CertificateClaims | undefined
  }
  /** Canonical JSON of the attested facts, as the ledger has them. */
  readonly evidence?: string
  /** Log time of the record that came after those it was granted on; undefined where none has yet. */
  readonly replacedAt?: UnixSeconds | undefined
  /** When it was seen to be there: it was issued before. */
  readonly seenAt?: UnixSeconds
  /** It was recorded later than this: others before it in the log begin then, or it was not there yet. */
  readonly recordedAfter?: UnixSeconds | undefined
}

/** Why a certificate should not have been issued. Stable: alarms carry them. */
export const notAllowedReasons = [
  'other-certificate',
  'not-a-leaf',
  'no-such-state',
  'unknown-entry',
  'other-revision',
  'unknown-binding',
  'not-active',
  'braked',
  'expired-entry',
  'not-admitted',
  'policy-digest',
  'identity',
  'subject',
  'names',
  'lifetime',
  'key-algorithm',
  'usages',
  'evidence',
  'replaced-index',
  'not-yet',
  'server-leaf',
] as const
export type NotAllowedReason = (typeof notAllowedReasons)[number]

export interface NotAllowed {
  readonly reason: NotAllowedReason
  readonly wanted?: string
  readonly found?: string
}

/** What was found is bounded: whoever made the certificate chose it. */
export const no = (
  reason: NotAllowedReason,
  wanted: string,
  found: string | number | null | undefined,
): NotAllowed => ({ reason, wanted, found: String(found ?? 'none').slice(0, 300) })
