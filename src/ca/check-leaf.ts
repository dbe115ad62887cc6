import { createHash } from 'node:crypto'
import type { CertificateDer } from '../core/der.js'
import { certificateFacts, type CertificateFacts } from './certificate-facts.js'
import { IDENTITY_OID } from './identity-extension.js'
import type { LeafPlan } from './leaf.js'
import type { SignatureAlgorithm } from './ports.js'
import type { GeneralName } from './x509/general-name.js'
import { parseIpAddress, renderIpAddress } from './x509/ip-address.js'
import { extensionOids, usageOids } from './x509/object-identifiers.js'
import { algorithmOids } from './x509/signature-algorithm.js'

/**
 * Reads our own certificate back and compares it with the plan and with the issuer's certificate,
 * sharing nothing with the encoder. Throws on any difference: it is a bug, and the certificate must
 * not leave. The signature is not looked at; see `signatureHolds`.
 */
export function checkLeaf(
  der: CertificateDer,
  plan: LeafPlan,
  issuer: CertificateFacts,
  algorithm: SignatureAlgorithm,
): void {
  const read = certificateFacts(der)
  if (!read.ok) throw new Error(`our own leaf does not parse: ${read.refusal.detail}`)
  const leaf = read.value
  const differs =
    leaf.signatureAlgorithm === algorithmOids[algorithm]
      ? differences(leaf, plan, issuer)
      : 'signatureAlgorithm'
  if (differs !== undefined) {
    throw new Error(`leaf ${plan.serial} is not what was planned: ${differs}`)
  }
}

/** The first field that differs. */
function differences(
  leaf: CertificateFacts,
  plan: LeafPlan,
  issuer: CertificateFacts,
): string | undefined {
  if (leaf.version !== 3) return 'version'
  if (leaf.serial !== plan.serial) return 'serial'
  if (!same(leaf.issuer, issuer.subject)) return 'issuer'
  if (leaf.notBefore !== plan.notBefore) return 'notBefore'
  if (leaf.notAfter !== plan.notAfter) return 'notAfter'
  if (leaf.notBefore < issuer.notBefore || leaf.notAfter > issuer.notAfter) return 'validity'
  if (!same(leaf.subject, subjectOf(plan))) return 'subject'
  if (!same(leaf.spki, plan.spki)) return 'spki'
  return extensionDifferences(leaf, plan, issuer)
}

function extensionDifferences(
  leaf: CertificateFacts,
  plan: LeafPlan,
  issuer: CertificateFacts,
): string | undefined {
  const found = leaf.extensions.map(({ oid, critical }) => `${oid} ${critical ? 'critical' : ''}`)
  if (found.join() !== wantedExtensions(plan).join()) return 'extensions'
  if (leaf.keyUsage?.join() !== 'digitalSignature') return 'keyUsage'
  if (leaf.extendedKeyUsage?.join() !== plan.usages.map((usage) => usageOids[usage]).join()) {
    return 'extendedKeyUsage'
  }
  if (!sameNames(leaf.subjectAltNames ?? [], plan.names)) return 'subjectAltName'
  if (!same(leaf.authorityKeyId, issuer.subjectKeyId)) return 'authorityKeyIdentifier'
  const digest = createHash('sha256').update(leaf.publicKeyOctets).digest()
  if (!same(leaf.subjectKeyId, digest.subarray(0, 20))) return 'subjectKeyIdentifier'
  if (leaf.identity !== plan.identity) return 'identity'
  return undefined
}

function wantedExtensions(plan: LeafPlan): string[] {
  return [
    `${extensionOids.keyUsage} critical`,
    `${extensionOids.extendedKeyUsage} `,
    `${extensionOids.subjectAltName} ${plan.subjectUid === undefined ? 'critical' : ''}`,
    `${extensionOids.authorityKeyId} `,
    `${extensionOids.subjectKeyId} `,
    ...(plan.identity === undefined ? [] : [`${IDENTITY_OID} `]),
  ]
}

/** Written out by hand: a SEQUENCE of one SET of one `0.9.2342.19200300.100.1.1`, or of nothing. */
function subjectOf({ subjectUid }: LeafPlan): Uint8Array {
  if (subjectUid === undefined) return Buffer.from('3000', 'hex')
  const uid = Buffer.from(subjectUid)
  const at = (length: number): string => (uid.length + length).toString(16).padStart(2, '0')
  const type = '060a0992268993f22c640101'
  return Buffer.from(
    `30${at(18)}31${at(16)}30${at(14)}${type}0c${at(0)}${uid.toString('hex')}`,
    'hex',
  )
}

/** Every name, each with its own counterpart, in order. */
function sameNames(found: readonly GeneralName[], planned: LeafPlan['names']): boolean {
  return (
    found.length === planned.length &&
    planned.every(({ kind, value }, at) => {
      const name = found[at]
      return name?.kind === kind && name.value === (kind === 'ip' ? canonicalAddress(value) : value)
    })
  )
}

function canonicalAddress(text: string): string | undefined {
  const octets = parseIpAddress(text)
  return octets && renderIpAddress(octets)
}

/** An absent one equals nothing. */
function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && Buffer.compare(a, b) === 0
}
