import 'reflect-metadata'
import { createHash, webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import * as asn1js from 'asn1js'
import * as pkijs from 'pkijs'
import type { CrlPlan } from '../../src/ca/crl.js'
import type { AuthorityPlan } from '../../src/ca/encode-authority.js'
import type { LeafIssuer } from '../../src/ca/encode-leaf.js'
import type { LeafPlan } from '../../src/ca/leaf.js'
import type { SignatureAlgorithm } from '../../src/ca/ports.js'
import { parseIpAddress } from '../../src/ca/x509/ip-address.js'
import type { UnixSeconds } from '../../src/core/time.js'

/** The same plans, written by encoders that nobody here made. */

const ids = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  crlReason: '2.5.29.21',
  nameConstraints: '2.5.29.30',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  identity: '1.2.840.113556.1.8000.2554.57634.11527.42558.18412.41886.6712626.6574472',
} as const

const usages = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' } as const
const reasons = {
  unspecified: 0,
  keyCompromise: 1,
  superseded: 4,
  cessationOfOperation: 5,
} as const
const USER_ID = '0.9.2342.19200300.100.1.1'

const algorithms: Readonly<Record<SignatureAlgorithm, { oid: string; parameters?: asn1js.Null }>> =
  {
    'ecdsa-with-SHA256': { oid: '1.2.840.10045.4.3.2' },
    'ecdsa-with-SHA384': { oid: '1.2.840.10045.4.3.3' },
    Ed25519: { oid: '1.3.101.112' },
    sha256WithRSAEncryption: { oid: '1.2.840.113549.1.1.11', parameters: new asn1js.Null() },
  }

/** A buffer of its own, as both libraries take a view for the whole of what it is in. */
const buffer = (octets: Uint8Array): ArrayBuffer => Uint8Array.from(octets).buffer

const dateOf = (at: UnixSeconds): Date => new Date(at * 1000)

const numberOf = (hex: string): asn1js.Integer => asn1js.Integer.fromBigInt(BigInt(`0x${hex}`))

/** pkijs leaves the choice of the two kinds of time to its caller (RFC 5280 section 4.1.2.5). */
const pkijsTime = (at: UnixSeconds): pkijs.Time => {
  const value = dateOf(at)
  return new pkijs.Time({ type: value.getUTCFullYear() < 2050 ? 0 : 1, value })
}

const pkijsName = (der: Uint8Array): pkijs.RelativeDistinguishedNames =>
  new pkijs.RelativeDistinguishedNames({ schema: asn1js.fromBER(buffer(der)).result })

const pkijsAlgorithm = (algorithm: SignatureAlgorithm): pkijs.AlgorithmIdentifier => {
  const { oid, parameters } = algorithms[algorithm]
  return new pkijs.AlgorithmIdentifier({
    algorithmId: oid,
    ...(parameters && { algorithmParams: parameters }),
  })
}

interface Asn1 {
  toBER(): ArrayBuffer
}

function pkijsExtension(
  extnID: string,
  value: Asn1,
  { critical }: { critical: boolean } = { critical: false },
): pkijs.Extension {
  return new pkijs.Extension({ extnID, critical, extnValue: value.toBER() })
}

const octetString = (octets: Uint8Array): asn1js.OctetString =>
  new asn1js.OctetString({ valueHex: buffer(octets) })

const keyUsage = (bits: number, unusedBits: number): asn1js.BitString =>
  new asn1js.BitString({ valueHex: buffer(Uint8Array.of(bits)), unusedBits })

const authorityKeyId = (keyId: Uint8Array): Asn1 =>
  new pkijs.AuthorityKeyIdentifier({ keyIdentifier: octetString(keyId) }).toSchema()

function pkijsGeneralName({ kind, value }: LeafPlan['names'][number]): pkijs.GeneralName {
  switch (kind) {
    case 'dns':
      return new pkijs.GeneralName({ type: 2, value })
    case 'uri':
      return new pkijs.GeneralName({ type: 6, value })
    case 'ip':
      return new pkijs.GeneralName({ type: 7, value: octetString(parseIpAddress(value)!) })
  }
}

interface Common {
  readonly serial: string
  readonly issuer: Uint8Array
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  readonly spki: Uint8Array
}

function pkijsCertificate(
  { serial, issuer, notBefore, notAfter, spki }: Common,
  algorithm: SignatureAlgorithm,
  subject: pkijs.RelativeDistinguishedNames,
  extensions: pkijs.Extension[],
): Uint8Array {
  const certificate = new pkijs.Certificate()
  certificate.version = 2
  certificate.serialNumber = numberOf(serial)
  certificate.signature = pkijsAlgorithm(algorithm)
  certificate.issuer = pkijsName(issuer)
  certificate.notBefore = pkijsTime(notBefore)
  certificate.notAfter = pkijsTime(notAfter)
  certificate.subject = subject
  certificate.subjectPublicKeyInfo = new pkijs.PublicKeyInfo({
    schema: asn1js.fromBER(buffer(spki)).result,
  })
  certificate.extensions = extensions
  return new Uint8Array(certificate.encodeTBS().toBER())
}

/** RFC 7093 section 2, method 1, over what pkijs says is the key. */
function subjectKeyIdOf(spki: Uint8Array): Uint8Array {
  const key = new pkijs.PublicKeyInfo({ schema: asn1js.fromBER(buffer(spki)).result })
  const octets = key.subjectPublicKey.valueBlock.valueHexView
  return createHash('sha256').update(octets).digest().subarray(0, 20)
}

export function leafByPkijs(plan: LeafPlan, issuer: LeafIssuer): Uint8Array {
  const subject =
    plan.subjectUid === undefined
      ? // Of no attributes it would make `30 02 31 00`, a Name of one relative name of nothing.
        pkijsName(new Uint8Array(new asn1js.Sequence().toBER()))
      : new pkijs.RelativeDistinguishedNames({
          typesAndValues: [
            new pkijs.AttributeTypeAndValue({
              type: USER_ID,
              value: new asn1js.Utf8String({ value: plan.subjectUid }),
            }),
          ],
        })
  const names = new pkijs.GeneralNames({ names: plan.names.map(pkijsGeneralName) })
  const purposes = new pkijs.ExtKeyUsage({ keyPurposes: plan.usages.map((usage) => usages[usage]) })
  return pkijsCertificate({ ...plan, issuer: issuer.name }, issuer.signatureAlgorithm, subject, [
    pkijsExtension(ids.keyUsage, keyUsage(0x80, 7), { critical: true }),
    pkijsExtension(ids.extendedKeyUsage, purposes.toSchema()),
    pkijsExtension(ids.subjectAltName, names.toSchema(), {
      critical: plan.subjectUid === undefined,
    }),
    pkijsExtension(ids.authorityKeyId, authorityKeyId(issuer.keyId)),
    pkijsExtension(ids.subjectKeyId, octetString(subjectKeyIdOf(plan.spki))),
    ...(plan.identity === undefined
      ? []
      : [pkijsExtension(ids.identity, new asn1js.Utf8String({ value: plan.identity }))]),
  ])
}

export function authorityByPkijs(plan: AuthorityPlan, algorithm: SignatureAlgorithm): Uint8Array {
  const constraints = new pkijs.BasicConstraints({
    cA: true,
    ...(plan.pathLength !== undefined && { pathLenConstraint: plan.pathLength }),
  })
  const regions = new pkijs.NameConstraints({
    permittedSubtrees: plan.permittedDns.map(
      (value) => new pkijs.GeneralSubtree({ base: new pkijs.GeneralName({ type: 2, value }) }),
    ),
  })
  return pkijsCertificate(plan, algorithm, pkijsName(plan.subject), [
    pkijsExtension(ids.basicConstraints, constraints.toSchema(), { critical: true }),
    pkijsExtension(ids.keyUsage, keyUsage(0x06, 1), { critical: true }),
    pkijsExtension(ids.subjectKeyId, octetString(plan.subjectKeyId)),
    pkijsExtension(ids.authorityKeyId, authorityKeyId(plan.authorityKeyId)),
    ...(plan.permittedDns.length === 0
      ? []
      : [pkijsExtension(ids.nameConstraints, regions.toSchema(), { critical: true })]),
  ])
}

export interface CrlIssuer {
  readonly name: Uint8Array
  readonly keyId: Uint8Array
  readonly algorithm: SignatureAlgorithm
}

/** What it would sign is not shown to others than itself. */
class RevocationList extends pkijs.CertificateRevocationList {
  get signedBytes(): Uint8Array {
    return new Uint8Array(this.encodeTBS().toBER())
  }
}

export function crlByPkijs(plan: CrlPlan, issuer: CrlIssuer): Uint8Array {
  const crl = new RevocationList()
  crl.version = 1
  crl.signature = pkijsAlgorithm(issuer.algorithm)
  crl.issuer = pkijsName(issuer.name)
  crl.thisUpdate = pkijsTime(plan.thisUpdate)
  crl.nextUpdate = pkijsTime(plan.nextUpdate)
  if (plan.revoked.length > 0) {
    crl.revokedCertificates = plan.revoked.map(
      ({ serial, at, reason }) =>
        new pkijs.RevokedCertificate({
          userCertificate: numberOf(serial),
          revocationDate: pkijsTime(at),
          ...(reason !== 'unspecified' && {
            crlEntryExtensions: new pkijs.Extensions({
              extensions: [
                pkijsExtension(ids.crlReason, new asn1js.Enumerated({ value: reasons[reason] })),
              ],
            }),
          }),
        }),
    )
  }
  crl.crlExtensions = new pkijs.Extensions({
    extensions: [
      pkijsExtension(ids.authorityKeyId, authorityKeyId(issuer.keyId)),
      pkijsExtension(ids.crlNumber, asn1js.Integer.fromBigInt(BigInt(plan.number))),
    ],
  })
  return crl.signedBytes
}

const webAlgorithms: Readonly<Record<SignatureAlgorithm, { name: string; hash?: string }>> = {
  'ecdsa-with-SHA256': { name: 'ECDSA', hash: 'SHA-256' },
  'ecdsa-with-SHA384': { name: 'ECDSA', hash: 'SHA-384' },
  Ed25519: { name: 'Ed25519' },
  sha256WithRSAEncryption: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')

/** A CRL of thousands of certificates has more values than asn1js reads unasked. */
const LARGE = { maxNodes: 100_000 }

/** The first member of the outer SEQUENCE: what the signature would be over. */
export function signedPart(der: Uint8Array): Uint8Array {
  const outer = asn1js.fromBER(buffer(der), LARGE).result as asn1js.Sequence
  return new Uint8Array(outer.valueBlock.value[0]!.valueBeforeDecodeView)
}

export async function leafByPeculiar(plan: LeafPlan, issuer: LeafIssuer): Promise<Uint8Array> {
  const { subjectUid, identity } = plan
  const kinds = { dns: 'dns', uri: 'url', ip: 'ip' } as const
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: plan.serial,
    issuer: new x509.Name(buffer(issuer.name)),
    subject: new x509.Name(
      subjectUid === undefined ? [] : [{ [USER_ID]: [{ utf8String: subjectUid }] }],
    ),
    notBefore: dateOf(plan.notBefore),
    notAfter: dateOf(plan.notAfter),
    publicKey: buffer(plan.spki),
    signingAlgorithm: webAlgorithms[issuer.signatureAlgorithm],
    signature: new ArrayBuffer(64),
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(plan.usages.map((usage) => usages[usage])),
      new x509.SubjectAlternativeNameExtension(
        plan.names.map(({ kind, value }) => ({ type: kinds[kind], value })),
        subjectUid === undefined,
      ),
      new x509.AuthorityKeyIdentifierExtension(hex(issuer.keyId)),
      new x509.SubjectKeyIdentifierExtension(hex(subjectKeyIdOf(plan.spki))),
      ...(identity === undefined
        ? []
        : [
            new x509.Extension(
              ids.identity,
              false,
              new asn1js.Utf8String({ value: identity }).toBER(),
            ),
          ]),
    ],
  })
  return signedPart(new Uint8Array(certificate.rawData))
}

async function anyKey(algorithm: webcrypto.RsaHashedKeyGenParams | webcrypto.EcKeyGenParams) {
  const keys = await webcrypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])
  return keys.privateKey
}

const anyKeys = {
  'ecdsa-with-SHA256': anyKey({ name: 'ECDSA', namedCurve: 'P-256' }),
  'ecdsa-with-SHA384': anyKey({ name: 'ECDSA', namedCurve: 'P-384' }),
  Ed25519: anyKey({ name: 'Ed25519', namedCurve: 'Ed25519' }),
  sha256WithRSAEncryption: anyKey({
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
  }),
}

export const crlByPeculiar = async (plan: CrlPlan, issuer: CrlIssuer): Promise<Uint8Array> =>
  withoutEmptyEntryExtensions(await rawCrlByPeculiar(plan, issuer))

/** As it comes out, with what is taken out above. */
export async function rawCrlByPeculiar(plan: CrlPlan, issuer: CrlIssuer): Promise<Uint8Array> {
  const crl = await x509.X509CrlGenerator.create({
    issuer: new x509.Name(buffer(issuer.name)),
    thisUpdate: dateOf(plan.thisUpdate),
    nextUpdate: dateOf(plan.nextUpdate),
    entries: plan.revoked.map(({ serial, at, reason }) => ({
      serialNumber: serial,
      revocationDate: dateOf(at),
      reason: reasons[reason],
    })),
    signingAlgorithm: webAlgorithms[issuer.algorithm] as x509.HashedAlgorithm,
    // Here the library wants a key; what it signs with it is not looked at.
    signingKey: await anyKeys[issuer.algorithm],
    extensions: [
      new x509.AuthorityKeyIdentifierExtension(hex(issuer.keyId)),
      new x509.Extension(
        ids.crlNumber,
        false,
        asn1js.Integer.fromBigInt(BigInt(plan.number)).toBER(),
      ),
    ],
  })
  return signedPart(new Uint8Array(crl.rawData))
}

/** Takes an empty crlEntryExtensions away from every revoked certificate of a TBSCertList. */
function withoutEmptyEntryExtensions(tbs: Uint8Array): Uint8Array {
  const list = asn1js.fromBER(buffer(tbs), LARGE).result as asn1js.Sequence
  const revoked = list.valueBlock.value.findLast((part) => part instanceof asn1js.Sequence)
  const entries = (revoked?.valueBlock.value ?? []).filter(
    (part) => part instanceof asn1js.Sequence,
  )
  for (const { valueBlock } of entries) {
    const extensions = valueBlock.value[2]
    if (extensions instanceof asn1js.Sequence && extensions.valueBlock.value.length === 0) {
      valueBlock.value.pop()
    }
  }
  // What was read with a length of two octets would be written so again, also where one is enough now.
  for (const shrunk of [list, ...(revoked === undefined ? [] : [revoked]), ...entries]) {
    shrunk.lenBlock.longFormUsed = false
  }
  return new Uint8Array(list.toBER())
}
