import { createPrivateKey, createPublicKey } from 'node:crypto'
import { authorityId } from '../ca/certificate-chain.js'
import { certificateFacts } from '../ca/certificate-facts.js'
import { checkHierarchy, type HierarchyRefusal } from '../ca/check-hierarchy.js'
import { createIssuer, createTrustAnchor } from '../ca/hierarchy.js'
import type { AuthorityRecord, KeyVault, Signer } from '../ca/ports.js'
import type { CertificateDer } from '../core/der.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { serialFromRandom } from '../core/serial.js'
import type { RandomBytes, UnixSeconds } from '../core/time.js'

interface FoundDeps {
  readonly vault: KeyVault
  readonly random: RandomBytes
  readonly now: UnixSeconds
  /** Shown in the subjects. */
  readonly name: string
}

/** A hierarchy that somebody brings: PKCS#8 keys, certificates in their order of issue. */
export type BroughtHierarchy =
  /** A trust anchor and its key: an issuer is made under it. */
  | {
      readonly kind: 'root'
      readonly trustAnchor: CertificateDer
      readonly trustAnchorKey: Uint8Array
    }
  /** An issuer with its key and everything above it, trust anchor last. The root key is elsewhere. */
  | {
      readonly kind: 'issuer'
      readonly certificates: readonly CertificateDer[]
      readonly issuerKey: Uint8Array
    }

/** A new trust anchor (P-256, ten years) and an issuer under it (90 days). */
export async function foundAuthority(deps: FoundDeps): Promise<readonly AuthorityRecord[]> {
  const { vault, random, name, now } = deps
  const root = await vault.create('P-256', 'trust anchor')
  const trustAnchor = await createTrustAnchor({
    signer: root.signer,
    serial: serialFromRandom(random(16)),
    commonName: `${name} root`,
    now,
  })
  const { certificate, keyRef } = await makeIssuer(deps, {
    certificate: trustAnchor,
    signer: root.signer,
  })
  return recordsOf([certificate, trustAnchor], { issuer: keyRef, trustAnchor: root.ref })
}

/** Takes an existing hierarchy, once everything about it is checked; what is wrong is named. */
export async function adoptAuthority(
  deps: FoundDeps,
  brought: BroughtHierarchy,
): Promise<Result<readonly AuthorityRecord[], HierarchyRefusal | Refusal<'ca.bad-hierarchy'>>> {
  const { vault, now } = deps
  if (brought.kind === 'issuer') {
    const { certificates, issuerKey } = brought
    const checked = checkHierarchy({ certificates, keySpki: spkiOf(issuerKey), now })
    if (!checked.ok) return checked
    const key = await vault.adopt(issuerKey, 'issuer')
    return ok(recordsOf(certificates, { issuer: key.ref }))
  }
  const { trustAnchor, trustAnchorKey } = brought
  const fit = mayHaveIssuers(trustAnchor, spkiOf(trustAnchorKey), now)
  if (!fit.ok) return fit
  const root = await vault.adopt(trustAnchorKey, 'trust anchor')
  const { certificate, keyRef, signer } = await makeIssuer(deps, {
    certificate: trustAnchor,
    signer: root.signer,
  })
  const certificates = [certificate, trustAnchor]
  const checked = checkHierarchy({ certificates, keySpki: signer.spki, now })
  if (!checked.ok) return checked
  return ok(recordsOf(certificates, { issuer: keyRef, trustAnchor: root.ref }))
}

async function makeIssuer(
  { vault, random, name, now }: FoundDeps,
  superior: { readonly certificate: CertificateDer; readonly signer: Signer },
): Promise<{ certificate: CertificateDer; keyRef: string; signer: Signer }> {
  const { ref, signer } = await vault.create('P-256', 'issuer')
  const certificate = await createIssuer({
    superior,
    serial: serialFromRandom(random(16)),
    spki: signer.spki,
    commonName: `${name} issuer`,
    now,
  })
  return { certificate, keyRef: ref, signer }
}

/** Nothing is sealed before it is known to fit. */
function spkiOf(pkcs8: Uint8Array): Uint8Array {
  const key = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
  return createPublicKey(key).export({ format: 'der', type: 'spki' })
}

/** What must be so before its key is used at all; the whole chain is checked afterwards. */
function mayHaveIssuers(
  trustAnchor: CertificateDer,
  keySpki: Uint8Array,
  now: UnixSeconds,
): Result<undefined, HierarchyRefusal> {
  const facts = certificateFacts(trustAnchor)
  if (!facts.ok) return facts
  const { basicConstraints, spki, notBefore, notAfter } = facts.value
  if (Buffer.compare(spki, keySpki) !== 0) {
    return refuse('ca.bad-hierarchy', 'the key does not belong to the trust anchor', {
      wanted: 'the private key of the certificate given with --root-cert',
    })
  }
  if (!basicConstraints?.ca) {
    return refuse('ca.bad-hierarchy', 'the trust anchor is no CA certificate', {
      wanted: 'basicConstraints with CA:TRUE',
    })
  }
  if (basicConstraints.pathLength === 0) {
    return refuse('ca.bad-hierarchy', 'the trust anchor may not have an issuer below it', {
      wanted: 'a path length of at least 1, or none',
      found: 'pathLenConstraint 0',
    })
  }
  if (now < notBefore || now > notAfter) {
    return refuse('ca.bad-hierarchy', 'the trust anchor is not valid now')
  }
  return ok()
}

function recordsOf(
  certificates: readonly CertificateDer[],
  keys: { readonly issuer: string; readonly trustAnchor?: string },
): readonly AuthorityRecord[] {
  const ids = certificates.map((certificate) => {
    const facts = certificateFacts(certificate)
    if (!facts.ok) throw new TypeError(facts.refusal.detail)
    return authorityId(facts.value)
  })
  return certificates.map((certificate, position): AuthorityRecord => {
    const isLast = position === certificates.length - 1
    const role = position === 0 ? 'issuer' : isLast ? 'trust-anchor' : 'intermediate'
    const keyRef = role === 'issuer' ? keys.issuer : isLast ? keys.trustAnchor : undefined
    return {
      id: ids[position] ?? '',
      role,
      certificate,
      parents: ids.slice(position + 1),
      ...(keyRef !== undefined && { keyRef }),
      state: 'active',
    }
  })
}
