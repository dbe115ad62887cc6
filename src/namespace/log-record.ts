import { canonicalize, parseCanonical } from '../core/canonical-json.js'
import { type Alias } from '../core/alias.js'
import { type UnixSeconds } from '../core/time.js'
import { sha256Hex, type Uid } from '../core/uid.js'
import { type ChangeClass } from './group.js'

/** Larger than this does not fit where log entries go later; what is long is in the envelopes. */
export const MAX_RECORD_BYTES = 8192

/** One line of the index log. Its bytes are canonical JSON; its hash is the leaf hash of RFC 6962. */
export interface LogRecord {
  readonly v: 1
  readonly seq: number
  /** Log time: never before the record before it. */
  readonly ts: UnixSeconds
  /** Term of the sequencer that wrote it. */
  readonly epoch: number
  readonly kind: 'genesis' | 'commit'
  readonly subject: { readonly uid: Uid; readonly alias: Alias }
  readonly rev: number
  /** Hash of the record before it about the same subject; null for the first. */
  readonly prev: string | null
  /** Hash of the record before it in the log; null for the genesis. */
  readonly chain: string | null
  /** Digest of the statement that says what changes. */
  readonly prop: string
  /** Digests of the votes that were counted. */
  readonly votes: readonly string[]
  readonly class: ChangeClass
  /** The group that decided, at its revision. */
  readonly group: { readonly uid: Uid; readonly rev: number }
  /** Digests of the subject's state. */
  readonly before: string | null
  readonly after: string
  /** Of an entry that gives up names: the latest notAfter ever issued to it; null when none was. */
  readonly issuedUntil?: UnixSeconds | null
}

export const encodeRecord = (record: LogRecord): Uint8Array =>
  Buffer.from(canonicalize(record), 'utf8')

/** SHA-256(0x00 || bytes): the Merkle leaf hash (RFC 6962 section 2.1), hex. */
export const recordHash = (bytes: Uint8Array): string =>
  sha256Hex(Buffer.concat([Buffer.of(0), bytes]))

/** The shape only: whether it is true is for the fold to find out, from everything it refers to. */
export function readRecord(bytes: Uint8Array): LogRecord | undefined {
  const parsed = parseCanonical(bytes, MAX_RECORD_BYTES)
  if (!parsed.ok || typeof parsed.value !== 'object' || parsed.value === null) return undefined
  const record = parsed.value as Partial<LogRecord>
  const { v, seq, ts, epoch, kind, subject, rev, votes, group } = record
  const wellFormed =
    v === 1 &&
    [seq, ts, epoch, rev].every(Number.isSafeInteger) &&
    (kind === 'genesis' || kind === 'commit') &&
    typeof subject === 'object' &&
    typeof group === 'object' &&
    Array.isArray(votes)
  return wellFormed ? (record as LogRecord) : undefined
}
