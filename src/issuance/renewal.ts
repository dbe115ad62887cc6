import { timingSafeEqual } from 'node:crypto'
import type { RenewalFacts } from '../attestation/facts.js'
import type { VerifiedLeaf } from '../ca/verify-leaf.js'
import type { CertificateDer } from '../core/der.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { plus, type Seconds, toIso, type UnixSeconds } from '../core/time.js'
import type { IssuanceLedger, LedgerRow } from './ports.js'

export type RenewalRefusal = Refusal<
  'renewal.not-ours' | 'renewal.not-in-ledger' | 'renewal.revoked' | 'renewal.expired'
>

export interface RenewalDeps {
  /** Chain to our own trust anchor, without regard to notAfter; undefined when it is not ours. */
  readonly verifyOurs: (certificate: CertificateDer) => VerifiedLeaf | undefined
  readonly ledger: Pick<IssuanceLedger, 'find'>
}

/**
 * The client certificate of a TLS connection -> who it was issued to. TLS proves possession of the
 * key and nothing else: Node says CERT_HAS_EXPIRED for expired certificates of any CA, and keeps
 * `authorized` on resumed sessions, so all of it is decided here, from the bytes.
 */
export async function attestRenewal(
  deps: RenewalDeps,
  certificate: CertificateDer,
  now: UnixSeconds,
): Promise<Result<RenewalFacts, RenewalRefusal>> {
  const row = await ownCertificate(deps, certificate)
  if (!row.ok) return row
  const { entry, binding, serial, notBefore, notAfter } = row.value
  if (entry === null) {
    return refuse('renewal.not-ours', 'this certificate belongs to the CA itself')
  }
  if (now < notBefore) {
    return refuse('renewal.expired', 'the certificate is not valid yet', {
      found: toIso(notBefore),
    })
  }
  return ok({ kind: 'renewal', entry, binding, parentSerial: serial, parentNotAfter: notAfter })
}

/** Ours by signature, by ledger and by every byte, and not revoked. Says nothing about its dates. */
export async function ownCertificate(
  deps: RenewalDeps,
  certificate: CertificateDer,
): Promise<Result<LedgerRow, RenewalRefusal>> {
  const leaf = deps.verifyOurs(certificate)
  if (!leaf) {
    return refuse('renewal.not-ours', 'the certificate was not issued by this CA', {
      wanted: 'a client certificate that this CA issued',
      next: 'enrol again with a join token or another kind of evidence',
    })
  }
  const row = await deps.ledger.find(leaf.serial, leaf.notAfter)
  if (!row || !sameBytes(row.certificate, certificate)) {
    return refuse('renewal.not-in-ledger', 'the ledger does not hold this certificate', {
      wanted: 'a certificate from the ledger, unchanged',
      found: `serial ${leaf.serial}`,
    })
  }
  if (row.revocation) {
    return refuse('renewal.revoked', 'the certificate is revoked', {
      found: `serial ${leaf.serial}, revoked ${toIso(row.revocation.at)}`,
      next: 'enrol again with a join token or another kind of evidence',
    })
  }
  return ok(row)
}

/** A certificate is valid through its notAfter second; after that only the entry's grace helps. */
export function withinGrace(
  facts: RenewalFacts,
  grace: Seconds,
  now: UnixSeconds,
): Result<undefined, Refusal<'renewal.expired'>> {
  if (now <= plus(facts.parentNotAfter, grace)) return ok()
  return refuse('renewal.expired', 'the certificate is expired', {
    wanted: grace === 0 ? 'a certificate that is still valid' : `at most ${grace} s after its end`,
    found: `expired ${toIso(facts.parentNotAfter)}`,
    next: 'enrol again with a join token or another kind of evidence',
  })
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
