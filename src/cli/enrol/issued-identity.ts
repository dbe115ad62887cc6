import { type KeyObject, X509Certificate } from 'node:crypto'
import { parsePem } from '../../core/pem.js'
import { JsonReader } from '../json-reader.js'
import { type Outcome, refused } from '../problem.js'
import { parseInstant } from '../screen/times.js'
import { uriNamesOf } from './uri-names.js'

/** What `POST /v1/certificates` and `/v1/renew` answer, checked against our key and our anchors. */
export interface IssuedIdentity {
  readonly alias: string
  readonly uid: string
  readonly serial: string
  readonly names: readonly string[]
  /** ISO 8601, UTC. */
  readonly notBefore: string
  readonly notAfter: string
  /** Leaf, then its issuers. */
  readonly certPem: string
}

/** An answer is believed only as far as the certificate in it says the same. */
export function checkIssued(
  value: unknown,
  key: KeyObject,
  anchorsPem: string,
): Outcome<IssuedIdentity> {
  try {
    const answer = new JsonReader(value)
    const chain = [answer.raw('certificate'), ...answer.raws('chain')]
    const certificates = chain.map(onlyCertificate)
    const [leaf] = certificates
    if (leaf === undefined) return bad('holds no certificate')
    if (!leaf.checkPrivateKey(key)) return bad('certifies another key')
    if (!reachesAnchor(certificates, anchorsPem)) return bad('does not chain to the trust bundle')
    const issued = identityOf(answer, leaf, chain)
    return issued === undefined
      ? bad('does not say what its certificate says')
      : { ok: true, value: issued }
  } catch {
    return bad('cannot be read')
  }
}

function identityOf(
  answer: JsonReader,
  leaf: X509Certificate,
  chain: readonly string[],
): IssuedIdentity | undefined {
  const [alias, uid] = [answer.raw('alias'), answer.raw('uid')]
  const uris = uriNamesOf(leaf.raw)
  const agrees =
    leaf.subject === `UID=${uid}` &&
    uris?.every((uri) => /^spiffe:\/\/[^/]+\/(.+)$/.exec(uri)?.[1] === alias) === true &&
    Date.parse(leaf.validTo) / 1000 === parseInstant(answer.raw('notAfter')) &&
    Date.parse(leaf.validFrom) / 1000 === parseInstant(answer.raw('notBefore'))
  if (!agrees) return undefined
  return {
    alias,
    uid,
    serial: leaf.serialNumber.toLowerCase(),
    names: answer.texts('names'),
    notBefore: answer.raw('notBefore'),
    notAfter: answer.raw('notAfter'),
    certPem: chain.map((pem) => `${pem.trim()}\n`).join(''),
  }
}

/** Each certificate signed by the next, and one of them (or a bundle member) a trust anchor. */
function reachesAnchor(chain: readonly X509Certificate[], anchorsPem: string): boolean {
  const anchors = (parsePem(anchorsPem) ?? []).map(({ der }) => new X509Certificate(der))
  let current: X509Certificate | undefined
  for (const next of chain) {
    if (current !== undefined && !isSignedBy(current, next)) return false
    current = next
  }
  const top = current
  return (
    top !== undefined &&
    anchors.some((anchor) => anchor.raw.equals(top.raw) || isSignedBy(top, anchor))
  )
}

const isSignedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
  issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)

function onlyCertificate(pem: string): X509Certificate {
  const [block, ...more] = parsePem(pem) ?? []
  if (block?.label !== 'CERTIFICATE' || more.length > 0) throw new Error('not one certificate')
  return new X509Certificate(block.der)
}

const bad = (what: string): Outcome<never> =>
  refused({
    code: 'enrol.bad-answer',
    detail: `the server's answer ${what}; nothing was written`,
    next: 'is client and server the same version? capstan version',
  })
