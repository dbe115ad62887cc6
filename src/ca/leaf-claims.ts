import { ok, type Result } from '../core/result.js'
import type { Refusal } from '../core/refusal.js'
import type { KeyAlgorithm } from '../core/key-algorithm.js'
import type { UnixSeconds } from '../core/time.js'
import { allowKey } from '../csr/key-policy.js'
import { certificateFacts } from './certificate-facts.js'
import { describeName } from './x509/distinguished-name.js'
import type { GeneralName } from './x509/general-name.js'
import { usageOids } from './x509/object-identifiers.js'

/** What a certificate says, as far as a grant has a word for it. Nothing is verified. */
export interface LeafClaims {
  /** Lower-case hex of the positive number. */
  readonly serial: string
  readonly notBefore: UnixSeconds
  /** Inclusive. */
  readonly notAfter: UnixSeconds
  /** In the order of the SANs. */
  readonly names: readonly GeneralName[]
  /** Undefined for a key that no leaf may carry. */
  readonly keyAlgorithm: KeyAlgorithm | undefined
  /** `serverAuth`, `clientAuth`; an OID for every other. */
  readonly usages: readonly string[]
  /** Text of the governed-identity extension. */
  readonly identity: string | undefined
  /** As RFC 4514 writes it: `UID=e...`; empty for an empty one. */
  readonly subject: string
  /** It may sign certificates or CRLs, or a critical extension says nobody knows what. */
  readonly isMoreThanLeaf: boolean
}

const usageNames: ReadonlyMap<string, string> = new Map([
  [usageOids.serverAuth, 'serverAuth'],
  [usageOids.clientAuth, 'clientAuth'],
])

/** Strict DER, as `certificateFacts` reads it. */
export function leafClaims(
  der: Uint8Array,
): Result<LeafClaims, Refusal<'ca.certificate-malformed'>> {
  const read = certificateFacts(der)
  if (!read.ok) return read
  const facts = read.value
  const key = allowKey(facts.spki)
  const signs = facts.keyUsage?.some((usage) => usage === 'keyCertSign' || usage === 'cRLSign')
  return ok({
    serial: facts.serial,
    notBefore: facts.notBefore,
    notAfter: facts.notAfter,
    names: facts.subjectAltNames ?? [],
    keyAlgorithm: key.ok ? key.value.algorithm : undefined,
    usages: (facts.extendedKeyUsage ?? []).map((oid) => usageNames.get(oid) ?? oid),
    identity: facts.identity,
    subject: describeName(facts.subject),
    isMoreThanLeaf:
      facts.basicConstraints?.ca === true || signs === true || facts.unknownCritical.length > 0,
  })
}
