import { canonicalize, parseCanonical } from '../core/canonical-json.js'
import type { Alias } from '../core/alias.js'
import type { UnixSeconds } from '../core/time.js'
import { sha256Hex, type Uid } from '../core/uid.js'
import type { ChangeClass } from './group.js'
import { LAST_INSTANT } from './schema-parts.js'
import { type GovernedObject, type IndexState, objectDigest } from './state.js'

/** Larger than this does not fit where log entries go later; what is long is in the envelopes. */
export const MAX_RECORD_BYTES = 8192

/** The steps of a recovery: what the set says, a no of voters who are left, and the new group. */
export const recoveryKinds = ['recovery-start', 'recovery-cancel', 'recovery-finish'] as const
export type RecoveryKind = (typeof recoveryKinds)[number]

/** A line of the index log that changes an object. Its bytes are canonical JSON; its hash is the leaf hash of RFC 6962. */
export interface LogRecord {
  readonly v: 1
  readonly seq: number
  /** Log time: never before the record before it. */
  readonly ts: UnixSeconds
  /** Term of the sequencer that wrote it. */
  readonly epoch: number
  readonly kind: 'genesis' | 'commit' | 'evidence' | 'brake' | 'emergency' | RecoveryKind
  readonly subject: { readonly uid: Uid; readonly alias: Alias }
  readonly rev: number
  /** Hash of the record before it about the same subject; null for the first. */
  readonly prev: string | null
  /** Hash of the record before it in the log; null for the genesis. */
  readonly chain: string | null
  /** Digest of the statement that says what changes. */
  readonly prop: string
  /** Which of the changes of the statement, from 0, where it has several. */
  readonly part?: number
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

/** Of lines that change no object: about a proposal; or that a grant was drilled. */
export const deliberationKinds = ['open', 'vote', 'withdrawal', 'drill'] as const

/** A line about a proposal that changes nothing yet. */
export interface DeliberationRecord extends Pick<LogRecord, 'v' | 'seq' | 'ts' | 'epoch' | 'prop'> {
  readonly kind: (typeof deliberationKinds)[number]
  /** As the proposal names it. */
  readonly subject: { readonly uid?: Uid; readonly alias: Alias }
  readonly chain: string
  /** Digest of the statement beside it. */
  readonly says: string
}

export type AnyRecord = LogRecord | DeliberationRecord

export const isDeliberation = (record: AnyRecord): record is DeliberationRecord =>
  deliberationKinds.some((kind) => kind === record.kind)

export const encodeRecord = (record: AnyRecord): Uint8Array =>
  Buffer.from(canonicalize(record), 'utf8')

/** SHA-256(0x00 || bytes): the Merkle leaf hash (RFC 6962 section 2.1), hex. */
export const recordHash = (bytes: Uint8Array): string =>
  sha256Hex(Buffer.concat([Buffer.of(0), bytes]))

/** What a record of the next commit needs, beside the state it is added to. */
export interface Commit extends Pick<
  LogRecord,
  'prop' | 'part' | 'votes' | 'group' | 'issuedUntil'
> {
  /** A commit where it is left out. */
  readonly kind?: LogRecord['kind']
  readonly at: UnixSeconds
  /** The subject as it is; undefined for what is created. */
  readonly before: GovernedObject | undefined
  /** And as it will be. */
  readonly put: GovernedObject
  readonly changeClass: ChangeClass
}

/** All that a record says follows from the state, its proposal and its votes. */
export function commitRecord(
  { size, head }: Pick<IndexState, 'size' | 'head'>,
  { kind = 'commit', at, before, put, changeClass, issuedUntil, ...named }: Commit,
): LogRecord {
  return {
    v: 1,
    seq: size,
    ts: at,
    epoch: 1,
    kind,
    subject: { uid: put.uid, alias: put.alias },
    rev: put.rev,
    prev: before?.head ?? null,
    chain: head,
    class: changeClass,
    before: before ? objectDigest(before) : null,
    after: objectDigest(put),
    ...named,
    ...(issuedUntil !== undefined && { issuedUntil }),
  }
}

/** All that a record about a proposal says. */
export function deliberationRecord(
  { size, head }: Pick<IndexState, 'size' | 'head'>,
  {
    at,
    ...named
  }: Pick<DeliberationRecord, 'kind' | 'subject' | 'prop' | 'says'> & { readonly at: UnixSeconds },
): DeliberationRecord {
  return { v: 1, seq: size, ts: at, epoch: 1, chain: head, ...named }
}

/**
 * Only what it takes to look further: the fold compares every byte with what the record must say.
 */
export function readRecord(bytes: Uint8Array): AnyRecord | undefined {
  const parsed = parseCanonical(bytes, MAX_RECORD_BYTES)
  if (!parsed.ok || !isObject(parsed.value)) return undefined
  const { seq, ts, kind, subject, chain, prop, issuedUntil } = parsed.value
  const wellFormed =
    Number.isSafeInteger(seq) &&
    isInstant(ts) &&
    typeof kind === 'string' &&
    kinds.includes(kind) &&
    isObject(subject) &&
    (chain === null || typeof chain === 'string') &&
    typeof prop === 'string' &&
    (issuedUntil === undefined || issuedUntil === null || isInstant(issuedUntil))
  return wellFormed ? (parsed.value as unknown as AnyRecord) : undefined
}

/** One that a date can say: what is later has no text. */
const isInstant = (value: unknown): boolean =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= LAST_INSTANT

const kinds: readonly string[] = [
  ...['genesis', 'commit', 'evidence', 'brake', 'emergency', ...recoveryKinds],
  ...deliberationKinds,
]

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
