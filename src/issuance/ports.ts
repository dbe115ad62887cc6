import type { CertificateDer } from '../core/der.js'
import type { Refusal } from '../core/refusal.js'
import type { Result } from '../core/result.js'
import type { SerialNumber } from '../core/serial.js'
import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { LogReader, SignedTree } from '../tlog/ports.js'

/** What the ledger holds of one issued certificate. */
export interface LedgerEntry {
  readonly serial: SerialNumber
  /** `AuthorityRecord.id` of the issuer that signed it. */
  readonly issuerId: string
  /** Null for the CA's own TLS certificates. */
  readonly entry: Uid | null
  /** The entry's alias when it was issued. */
  readonly alias: string
  readonly rev: number
  /** The binding it was granted by; null for a join token. */
  readonly binding: string | null
  readonly issuedAt: UnixSeconds
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  readonly certificate: CertificateDer
  /** Canonical JSON of the attested facts: no token, no secret. */
  readonly evidence: string
  readonly parentSerial: SerialNumber | null
  readonly requestId: string
  /** Of the rules and ceilings that it was granted under, hex; null where nothing was granted. */
  readonly policyDigest: string | null
  /** Records of the index log that it was granted on; null where nothing was granted. */
  readonly indexSize: number | null
}

export type RevocationReason =
  'unspecified' | 'keyCompromise' | 'superseded' | 'cessationOfOperation'

export interface Revocation {
  readonly at: UnixSeconds
  readonly reason: RevocationReason
}

export interface LedgerRow extends LedgerEntry {
  readonly revocation: Revocation | null
  /** Number of its record in the issuance log; null where an earlier version recorded it. */
  readonly seq: number | null
}

/** What is used up by issuing: the same transaction that records the leaf consumes it. */
export interface Spend {
  readonly kind: 'join-token' | 'challenge'
  readonly id: string
}

export interface LedgerQuery {
  readonly entry?: Uid
  /** Only certificates whose notAfter is not before this instant, and that are not revoked. */
  readonly liveAt?: UnixSeconds
  /** At most this many, newest first. */
  readonly limit: number
}

/** What became of an append. */
export type Appended = Result<
  undefined,
  Refusal<'evidence.not-accepted' | 'challenge.spent' | 'renewal.revoked'>
>

/**
 * Appends a leaf that was granted on an index of `size` records, as `IssuanceLedger.append` does.
 * `stale`: the index says something else about the entry by now, and nothing is recorded; whoever
 * looks at the index again sees what made it so.
 */
export type RecordGranted = (
  entry: LedgerEntry,
  spends: readonly Spend[],
  size: number,
) => Promise<Appended | 'stale'>

/** The durable record of every leaf. */
export interface IssuanceLedger {
  /**
   * Records one leaf and consumes `spends`, all or nothing, durable once it resolves. Concurrent
   * appends share one commit. Refuses when a spend is unknown, already used or expired at
   * `entry.issuedAt`, and when the certificate that it renews (`entry.parentSerial`) is revoked by then:
   * nothing is recorded. The same commit makes it a leaf of the issuance log,
   * in the order of the appends. Throws `DependencyError` when the store cannot
   * write, and a serial that exists among those that end in the same second is a `DependencyError`
   * too: it never overwrites.
   */
  append(entry: LedgerEntry, spends: readonly Spend[]): Promise<Appended>
  /** `notAfter` narrows the search to one partition when the caller holds the certificate. */
  find(serial: SerialNumber, notAfter?: UnixSeconds): Promise<LedgerRow | undefined>
  list(query: LedgerQuery): Promise<readonly LedgerRow[]>
  /** How many certificates are neither expired at `now` nor revoked. */
  countLive(now: UnixSeconds): Promise<number>
  /** The latest notAfter ever recorded for an entry, pruned rows included; undefined: never issued. */
  lastNotAfter(entry: Uid): Promise<UnixSeconds | undefined>
  /** Marks rows revoked, durably; rows already revoked keep their first revocation. How many changed. */
  revoke(serials: readonly SerialNumber[], revocation: Revocation): Promise<number>
  /**
   * Marks everything revoked that an entry holds live at `revocation.at`, in one commit: what is recorded
   * before it is among them, and no renewal of one of them is recorded after it. Those that it marked.
   */
  revokeEntry(entry: Uid, revocation: Revocation): Promise<readonly SerialNumber[]>
  /** Revoked and not yet expired at `now`, of one issuer, oldest first. */
  revoked(issuerId: string, now: UnixSeconds): Promise<readonly LedgerRow[]>
  /** The next CRL number of an issuer: 1, 2, 3..., durable before it is returned. */
  nextCrlNumber(issuerId: string): Promise<number>
  /** The beginnings of the UTC days on which any of its certificates ends, in their order. */
  days(): Promise<readonly UnixSeconds[]>
  /**
   * Drops certificates, tokens and challenges that expired before `before`; certificates may stay
   * until the end of their UTC day. How many certificates went.
   */
  prune(before: UnixSeconds): Promise<number>
  /** Resolves if a write is durable right now; throws `DependencyError` otherwise. For readiness. */
  probe(): Promise<void>
}

/** The log that every appended leaf is in, as it is stored. */
export interface IssuanceLog {
  readonly tree: LogReader
  /**
   * The records of the `limit` numbers from `from` on, in their order, each the octets that the leaf
   * of its number is the hash of, made of what the ledger has now. Those of certificates that were
   * pruned are left out; the hashes of all of them stay. A ledger that was changed may have two of
   * one number: both are in the answer.
   */
  read(from: number, limit: number): Promise<readonly IssuedRecord[]>
  /** When the certificate of a number was issued; undefined where the ledger has none. */
  issuedAt(seq: number): Promise<UnixSeconds | undefined>
  /** The highest number of a record that the ledger has; undefined where it has none. */
  last(): Promise<number | undefined>
  /** How many of its certificates pruning has dropped, as it counted them itself. */
  pruned(): Promise<number>
  unlogged(): Promise<Unlogged>
}

/** Certificates of the ledger that an earlier version recorded: they are in no log. */
export interface Unlogged {
  readonly found: number
  /** As many as there were when the log began, without those that were pruned since. */
  readonly expected: number
  /** Of those found: issued after the last certificate that there was when the log began. */
  readonly later: number
}

export interface IssuedRecord {
  readonly seq: number
  readonly bytes: Uint8Array
  readonly certificate: CertificateDer
  /** Canonical JSON of the attested facts. */
  readonly evidence: string
}

/** The same in the process that owns it, and signs its heads. */
export interface OwnIssuanceLog extends IssuanceLog {
  readonly tree: SignedTree
}

/** A join token as stored: never the secret itself. */
export interface JoinToken {
  readonly id: string
  /** SHA-256 of the secret, hex. */
  readonly secretSha256: string
  readonly entry: Uid
  readonly createdAt: UnixSeconds
  readonly expiresAt: UnixSeconds
  readonly usedAt: UnixSeconds | null
}

export interface JoinTokenStore {
  create(token: Omit<JoinToken, 'usedAt'>): Promise<void>
  find(id: string): Promise<JoinToken | undefined>
  /** Newest first; used and expired ones included until they are pruned. */
  list(limit: number): Promise<readonly JoinToken[]>
  /** Deletes an unused token. False when there is none. */
  withdraw(id: string): Promise<boolean>
}

export interface Challenge {
  readonly id: string
  /** 32 octets, base64url. */
  readonly nonce: string
  readonly expiresAt: UnixSeconds
}

export interface ChallengeStore {
  /** Resolves once a later `append` can spend it. It need not survive a crash. */
  create(challenge: Challenge): Promise<void>
  find(id: string): Promise<Challenge | undefined>
}
