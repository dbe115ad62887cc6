import type * as x509 from '@peculiar/x509'
import { contextConstructed, contextPrimitive, ia5Octets, sequence } from '../core/der-writer.js'
import type { SerialNumber } from '../core/serial.js'
import type { UnixSeconds } from '../core/time.js'
import { certificateFacts } from './certificate-facts.js'
import type { SignatureAlgorithm } from './ports.js'
import { extensionOids } from './x509/object-identifiers.js'

/** Everything a CA certificate will say, decided before the key is used. */
export interface AuthorityPlan {
  readonly serial: SerialNumber
  /** Names in DER; the issuer's verbatim from the subject of its own certificate. */
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  readonly spki: Uint8Array
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  /** Absent: as many CAs below it as its own superiors allow. */
  readonly pathLength?: number
  readonly subjectKeyId: Uint8Array
  readonly authorityKeyId: Uint8Array
  /** DNS regions that all names below must be in. URIs and directory names are never constrained. */
  readonly permittedDns: readonly string[]
}

/** What the library's generator calls the algorithms. */
const webAlgorithms: Readonly<Record<SignatureAlgorithm, { name: string; hash?: string }>> = {
  'ecdsa-with-SHA256': { name: 'ECDSA', hash: 'SHA-256' },
  'ecdsa-with-SHA384': { name: 'ECDSA', hash: 'SHA-384' },
  Ed25519: { name: 'Ed25519' },
  sha256WithRSAEncryption: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
}

/** A sixth of what a server that issues takes in memory: only who makes a CA certificate pays for it. */
async function loadLibrary(): Promise<Library> {
  // The library looks for the decorators' metadata as it loads.
  await import('reflect-metadata')
  return import('@peculiar/x509')
}
type Library = typeof x509

/**
 * AuthorityPlan -> TBSCertificate. The library never sees a key: it is given an empty signature, and
 * only the part of its certificate that is to be signed is taken.
 */
export async function encodeAuthority(
  plan: AuthorityPlan,
  algorithm: SignatureAlgorithm,
): Promise<Uint8Array> {
  const library = await loadLibrary()
  const { Name, X509CertificateGenerator } = library
  const certificate = await X509CertificateGenerator.create({
    serialNumber: plan.serial,
    issuer: new Name(arrayBuffer(plan.issuer)),
    subject: new Name(arrayBuffer(plan.subject)),
    publicKey: arrayBuffer(plan.spki),
    notBefore: new Date(plan.notBefore * 1000),
    notAfter: new Date(plan.notAfter * 1000),
    signingAlgorithm: webAlgorithms[algorithm],
    signature: new ArrayBuffer(96),
    extensions: extensionsOf(library, plan),
  })
  const facts = certificateFacts(new Uint8Array(certificate.rawData))
  if (!facts.ok) throw new Error(`our own CA certificate does not parse: ${facts.refusal.detail}`)
  return facts.value.signedBytes
}

function extensionsOf(library: Library, plan: AuthorityPlan): x509.Extension[] {
  const critical = true
  const { keyCertSign, cRLSign } = library.KeyUsageFlags
  return [
    new library.BasicConstraintsExtension(critical, plan.pathLength, critical),
    new library.KeyUsagesExtension(keyCertSign | cRLSign, critical),
    new library.SubjectKeyIdentifierExtension(hex(plan.subjectKeyId)),
    new library.AuthorityKeyIdentifierExtension(hex(plan.authorityKeyId)),
    ...(plan.permittedDns.length === 0
      ? []
      : [
          new library.Extension(
            extensionOids.nameConstraints,
            critical,
            arrayBuffer(permittedSubtrees(plan.permittedDns)),
          ),
        ]),
  ]
}

/** NameConstraints (RFC 5280 section 4.2.1.10). */
const permittedSubtrees = (dns: readonly string[]): Uint8Array =>
  sequence(
    contextConstructed(0, ...dns.map((name) => sequence(contextPrimitive(2, ia5Octets(name))))),
  )

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')

/** A copy: the library takes a view of a larger buffer for the whole of it. */
const arrayBuffer = (octets: Uint8Array): ArrayBuffer => Uint8Array.from(octets).buffer
