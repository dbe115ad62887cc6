import { hash } from 'node:crypto'
import { parseCanonical } from '../core/canonical-json.js'
import type { CertificateDer } from '../core/der.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { parseSerial, type SerialNumber } from '../core/serial.js'
import { type UnixSeconds, unixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'

/** No record is longer. */
export const MAX_ISSUANCE_RECORD_OCTETS = 1024

/** A line of the issuance log: one certificate, and what it was granted on (docs/format-issuance-log.md). */
export interface IssuanceRecord {
  readonly v: 1
  /** SHA-256 of the attested facts, as the ledger has them; hex. */
  readonly attestation: string
  /** Id of the binding that it was granted by; null for a join token. */
  readonly binding: string | null
  /** SHA-256 of the DER certificate, hex. */
  readonly certificate: string
  /** Null for a certificate of the CA's own listeners; then the four that depend on it are null or 0. */
  readonly entry: Uid | null
  readonly notAfter: UnixSeconds
  /** As in the certificate's identity extension, hex. */
  readonly policyDigest: string | null
  /** Revision of the entry. */
  readonly rev: number
  readonly serial: SerialNumber
  /** Records of the index log that the grant was made on. */
  readonly size: number | null
}

/** What a record is made of: a row of the ledger has all of it. */
export interface RecordedLeaf {
  readonly serial: SerialNumber
  readonly entry: Uid | null
  readonly rev: number
  readonly binding: string | null
  readonly notAfter: UnixSeconds
  readonly certificate: CertificateDer
  /** Canonical JSON. */
  readonly evidence: string
  readonly policyDigest: string | null
  /** Records of the index log that the grant was made on. */
  readonly indexSize: number | null
}

/** The octets of its record. */
export const issuanceRecordOf = (leaf: RecordedLeaf): Uint8Array =>
  Buffer.from(issuanceRecordText(leaf))

/**
 * Its record: canonical JSON (RFC 8785). Written member by member in their order, since every certificate
 * passes here before it is revealed.
 */
export function issuanceRecordText(leaf: RecordedLeaf): string {
  const { binding, entry, policyDigest } = leaf
  return (
    `{"attestation":"${hash('sha256', leaf.evidence)}"` +
    `,"binding":${JSON.stringify(binding)}` +
    `,"certificate":"${hash('sha256', leaf.certificate)}"` +
    `,"entry":${JSON.stringify(entry)}` +
    `,"notAfter":${leaf.notAfter}` +
    `,"policyDigest":${JSON.stringify(policyDigest)}` +
    `,"rev":${leaf.rev},"serial":${JSON.stringify(leaf.serial)}` +
    `,"size":${leaf.indexSize},"v":1}`
  )
}

const HEX_DIGEST = /^[0-9a-f]{64}$/
const UID = /^e[a-z2-7]{31}$/
const BINDING = /^b[a-z2-7]{12}$/
const MEMBERS = 'attestation,binding,certificate,entry,notAfter,policyDigest,rev,serial,size,v'

/** Reads the one spelling of a record; another, or one of another version, is refused. */
export function parseIssuanceRecord(
  octets: Uint8Array,
): Result<IssuanceRecord, Refusal<'tlog.malformed'>> {
  const read = parseCanonical(octets, MAX_ISSUANCE_RECORD_OCTETS)
  const { value } = read.ok ? read : { value: null }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return malformed('no object of canonical JSON')
  }
  const record = value as Unchecked
  if (Object.keys(value).join() !== MEMBERS || record.v !== 1) return malformed('other members')
  const { serial, notAfter, rev } = record
  const isWhole =
    isDigest(record.attestation) &&
    isDigest(record.certificate) &&
    typeof serial === 'string' &&
    parseSerial(serial) === serial &&
    isCount(notAfter) &&
    isCount(rev) &&
    (record.entry === null ? isOfNobody(record) : isOfEntry(record))
  if (!isWhole) return malformed('a member that is not of its form')
  return ok({ ...(record as IssuanceRecord), notAfter: unixSeconds(notAfter) })
}

type Unchecked = { readonly [Member in keyof IssuanceRecord]?: unknown }

const isOfNobody = ({ binding, policyDigest, rev, size }: Unchecked): boolean =>
  binding === null && policyDigest === null && rev === 0 && size === null

const isOfEntry = ({ entry, binding, policyDigest, rev, size }: Unchecked): boolean =>
  typeof entry === 'string' &&
  UID.test(entry) &&
  (binding === null || (typeof binding === 'string' && BINDING.test(binding))) &&
  isDigest(policyDigest) &&
  rev !== 0 &&
  isCount(size)

const isDigest = (value: unknown): boolean => typeof value === 'string' && HEX_DIGEST.test(value)

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0

const malformed = (found: string): Result<never, Refusal<'tlog.malformed'>> =>
  refuse('tlog.malformed', 'this is no record of an issuance log', { found })
