import { DerError, type DerReader, readDer } from '../core/der-reader.js'
import { contextConstructedTag, tags } from '../core/der-tags.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { parseExtensionRequest, type RequestedExtensions } from './requested-extensions.js'

/** Many times what real clients send: an RSA-8192 CSR has 2.5 KiB. */
export const MAX_CSR_BYTES = 16_384

/** A CertificationRequest (RFC 2986 section 4.2), read but not yet believed. Views of the input. */
export interface ParsedCsr {
  /** The CertificationRequestInfo, header included: what the signature is over. */
  readonly signedBytes: Uint8Array
  /** Empty when the subject has no common name. */
  readonly commonName: string
  /** The SubjectPublicKeyInfo, header included. */
  readonly spki: Uint8Array
  readonly extensions: RequestedExtensions
  readonly challengePassword?: string
  readonly signatureAlgorithm: AlgorithmIdentifier
  readonly signature: Uint8Array
}

export interface AlgorithmIdentifier {
  readonly oid: string
  readonly parameters: 'absent' | 'null' | 'other'
}

const COMMON_NAME = '2.5.4.3'
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14'
const CHALLENGE_PASSWORD = '1.2.840.113549.1.9.7'

export function parseCsr(
  der: Uint8Array,
): Result<ParsedCsr, Refusal<'csr.malformed' | 'csr.too-large'>> {
  if (der.length > MAX_CSR_BYTES) {
    return refuse('csr.too-large', 'the CSR is larger than any that is needed', {
      wanted: `at most ${MAX_CSR_BYTES} octets`,
      found: `${der.length} octets`,
    })
  }
  const csr = readDer(der, MAX_CSR_BYTES, readCsr)
  if (!(csr instanceof DerError)) return ok(csr)
  return refuse('csr.malformed', `not a certification request in DER: ${csr.message}`, {
    wanted: 'PKCS#10 version 1 (RFC 2986) in DER',
  })
}

const readCsr = (reader: DerReader): ParsedCsr =>
  reader.sequence((csr) => {
    const from = csr.offset
    const info = csr.sequence(readInfo)
    const signedBytes = csr.since(from)
    const signatureAlgorithm = csr.sequence(readAlgorithm)
    return { signedBytes, signatureAlgorithm, signature: csr.bitStringOctets(), ...info }
  })

function readInfo(
  info: DerReader,
): Omit<ParsedCsr, 'signedBytes' | 'signatureAlgorithm' | 'signature'> {
  if (info.smallInteger() !== 0) throw new DerError('not version 1')
  const commonName = info.sequence(readCommonName)
  const spki = info.any()
  const attributes = info.constructed(contextConstructedTag(0), readAttributes)
  return { commonName, spki, ...attributes }
}

/** A subject's one common name. Other attributes may be anything well-formed. */
function readCommonName(subject: DerReader): string {
  let commonName: string | undefined
  while (subject.more) {
    subject.set((rdn) => {
      do {
        rdn.sequence((attribute) => {
          const isCommonName = attribute.oid() === COMMON_NAME
          // Which of two would be the name?
          if (isCommonName && commonName !== undefined) throw new DerError('two common names')
          if (isCommonName) commonName = attribute.text()
          else attribute.skip()
        })
      } while (rdn.more)
    })
  }
  return commonName ?? ''
}

/**
 * Every attribute once, with one value: the two that are read are single-valued by definition (RFC
 * 2985 sections 5.4.1 and 5.4.2), and the others are of no use to us. Their order is not held to
 * that of a SET OF: common clients do not sort them, and nothing here depends on it.
 */
function readAttributes(
  attributes: DerReader,
): Pick<ParsedCsr, 'extensions' | 'challengePassword'> {
  const seen = new Set<string>()
  let extensions: RequestedExtensions = { dns: [], uris: [], others: [], asksForCa: false }
  let challengePassword: string | undefined
  while (attributes.more) {
    attributes.sequence((attribute) => {
      const type = attribute.oid()
      if (seen.has(type)) throw new DerError(`attribute ${type} twice`)
      seen.add(type)
      attribute.set((values) => {
        if (type === EXTENSION_REQUEST) extensions = values.sequence(parseExtensionRequest)
        else if (type === CHALLENGE_PASSWORD) challengePassword = values.text()
        else values.skip()
      })
    })
  }
  return challengePassword === undefined ? { extensions } : { extensions, challengePassword }
}

/** AlgorithmIdentifier (RFC 5280 section 4.1.1.2). */
function readAlgorithm(algorithm: DerReader): AlgorithmIdentifier {
  const oid = algorithm.oid()
  if (!algorithm.more) return { oid, parameters: 'absent' }
  if (algorithm.peekTag() !== tags.null) {
    algorithm.skip()
    return { oid, parameters: 'other' }
  }
  algorithm.null()
  return { oid, parameters: 'null' }
}
