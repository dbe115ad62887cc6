import type { CertificateDer } from '../core/der.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { UnixSeconds } from '../core/time.js'
import { sameOctets } from './certificate-chain.js'
import type { CertificateFacts } from './certificate-facts.js'
import { type HierarchyRefusal, openHierarchy } from './check-hierarchy.js'
import { checkLeaf } from './check-leaf.js'
import { leafEncoder, wrapCertificate } from './encode-leaf.js'
import type { LeafPlan } from './leaf.js'
import type { DnsConstraints } from './name-constraints.js'
import type { SignatureAlgorithm, Signer } from './ports.js'
import { algorithmOids, publicKeyOf, signatureHolds } from './x509/signature-algorithm.js'

/** A CA certificate and the use of its key. */
export interface Issuer {
  /** `AuthorityRecord.id` */
  readonly id: string
  readonly certificate: CertificateDer
  /** What travels with a leaf: `certificate` first, then intermediates, without the trust anchor. */
  readonly chain: readonly CertificateDer[]
  readonly trustAnchor: CertificateDer
  /** The latest of the chain, trust anchor included. */
  readonly notBefore: UnixSeconds
  /** The earliest of the chain, trust anchor included: no leaf outlives it. Inclusive. */
  readonly notAfter: UnixSeconds
  /** Those of the whole chain: `withinConstraints` applies them. */
  readonly dnsConstraints: readonly DnsConstraints[]
  readonly signatureAlgorithm: SignatureAlgorithm
  /**
   * Encodes, signs, and compares the result with the plan before anybody sees it. Throws
   * `DependencyError` when the key cannot be used, and an Error when the result is not the plan.
   */
  signLeaf(plan: LeafPlan): Promise<CertificateDer>
}

/** A signature takes three times as long to verify as to make: the first, then one of so many. */
const VERIFY_ONE_OF = 256

/**
 * Takes an issuer into use. `certificates`: the issuer's first, then upward, trust anchor last.
 * Says nothing of dates: an expired issuer opens too, and its `notAfter` tells.
 */
export function openIssuer(
  certificates: readonly CertificateDer[],
  signer: Signer,
): Result<Issuer, HierarchyRefusal | Refusal<'ca.key-missing'>> {
  const hierarchy = openHierarchy(certificates)
  if (!hierarchy.ok) return hierarchy
  const { id, issuer, issuerKeyId, trustAnchor, notBefore, notAfter, dnsConstraints } =
    hierarchy.value
  if (!sameOctets(signer.spki, issuer.spki)) {
    return refuse('ca.key-missing', "this is not the key of the issuer's certificate", {
      wanted: `the private key of issuer ${id}`,
      found: 'another key',
    })
  }
  return ok({
    id,
    certificate: issuer.der,
    chain: certificates.slice(0, -1),
    trustAnchor: trustAnchor.der,
    notBefore,
    notAfter,
    dnsConstraints,
    signatureAlgorithm: signer.algorithm,
    signLeaf: leafSigner(issuer, issuerKeyId, signer),
  })
}

function leafSigner(
  issuer: CertificateFacts,
  keyId: Uint8Array,
  signer: Signer,
): Issuer['signLeaf'] {
  const { algorithm } = signer
  const encode = leafEncoder({ signatureAlgorithm: algorithm, name: issuer.subject, keyId })
  const verifies = verifierOf(issuer, signer)
  let signed = 0
  const finish = (plan: LeafPlan, tbs: Uint8Array, signature: Uint8Array): CertificateDer => {
    const leaf = wrapCertificate(tbs, algorithm, signature)
    checkLeaf(leaf, plan, issuer, algorithm)
    const isSample = signed % VERIFY_ONE_OF === 0
    signed += 1
    if (isSample && !verifies(tbs, signature)) {
      // The next one is looked at too, until one verifies.
      signed = 0
      throw new Error(`leaf ${plan.serial} does not verify under its issuer`)
    }
    return leaf
  }
  return async (plan) => {
    const tbs = encode(plan)
    const signature = signer.sign(tbs)
    // A file key has answered already: a turn of the event loop less for every leaf.
    return finish(plan, tbs, signature instanceof Uint8Array ? signature : await signature)
  }
}

/** Verifies with the public key of the certificate, not with the signer's own. */
function verifierOf(
  issuer: CertificateFacts,
  { algorithm }: Signer,
): (bytes: Uint8Array, signature: Uint8Array) => boolean {
  const key = publicKeyOf(issuer.spki)
  return (bytes, signature) =>
    key !== undefined && signatureHolds(algorithmOids[algorithm], key, bytes, signature)
}
