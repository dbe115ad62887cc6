import type { AuthorityRecord, AuthorityStore } from '../../src/ca/ports.js'
import { DependencyError } from '../../src/core/dependency-error.js'
import { certificateDer } from '../../src/core/der.js'
import { ok, refuse } from '../../src/core/result.js'
import type { SerialNumber } from '../../src/core/serial.js'
import { type UnixSeconds, unixSeconds } from '../../src/core/time.js'
import type { Uid } from '../../src/core/uid.js'
import type {
  Challenge,
  ChallengeStore,
  IssuanceLedger,
  JoinToken,
  JoinTokenStore,
  LedgerRow,
  OwnIssuanceLog,
  Spend,
} from '../../src/issuance/ports.js'
import type { Store } from '../../src/store/open-store.js'
import { issuanceRecordOf } from '../../src/namespace/issuance-record.js'
import { leafHash } from '../../src/tlog/hash.js'
import { MemoryIndexStore } from './memory-index-store.js'
import { MemoryLogTree } from './memory-log-tree.js'

interface Spendable {
  readonly expiresAt: UnixSeconds
  usedAt: UnixSeconds | null
}

/** A store that forgets everything with the test. It passes the same contracts as the real one. */
export class MemoryStore implements Store {
  private rows = new Map<SerialNumber, LedgerRow>()
  private readonly until = new Map<Uid, UnixSeconds>()
  private readonly crlNumbers = new Map<string, number>()
  private readonly tokens = new Map<string, JoinToken & Spendable>()
  private readonly asked = new Map<string, Challenge & Spendable>()
  /** Every certificate ever recorded, in order. */
  private readonly log: { readonly serial: SerialNumber; readonly bytes: Uint8Array }[] = []
  private readonly issued = new MemoryLogTree(() => this.log.map(({ bytes }) => bytes))
  private readonly known = new Map<string, AuthorityRecord>()

  queueDepth(): number {
    return 0
  }

  lagSeconds(): number {
    return 0
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve()
  }

  readonly ledger: IssuanceLedger = {
    append: (entry, spends) =>
      answered(() => {
        const spent = this.firstNotSpendable(spends, entry.issuedAt)
        if (spent === 'join-token') {
          return refuse('evidence.not-accepted', 'the join token is not valid')
        }
        if (spent === 'challenge') {
          return refuse('challenge.spent', 'the challenge was used already')
        }
        const parent = entry.parentSerial === null ? undefined : this.rows.get(entry.parentSerial)
        if (parent && parent.revocation !== null) {
          return refuse('renewal.revoked', 'the certificate was revoked meanwhile')
        }
        if (this.rows.has(entry.serial)) throw exists('serial')
        for (const spend of spends) this.spendable(spend)!.usedAt = entry.issuedAt
        const certificate = certificateDer(Uint8Array.from(entry.certificate))
        const seq = this.log.length
        this.rows.set(entry.serial, { ...entry, certificate, revocation: null, seq })
        this.log.push({ serial: entry.serial, bytes: issuanceRecordOf(entry) })
        this.issued.append([leafHash(issuanceRecordOf(entry))])
        if (entry.entry !== null) {
          const latest = Math.max(entry.notAfter, this.until.get(entry.entry) ?? 0)
          this.until.set(entry.entry, unixSeconds(latest))
        }
        return ok()
      }),
    find: (serial, notAfter) =>
      answered(() => {
        const row = this.rows.get(serial)
        return notAfter === undefined || row?.notAfter === notAfter ? row : undefined
      }),
    list: ({ entry, liveAt, limit }) =>
      answered(() =>
        [...this.rows.values()]
          .filter((row) => entry === undefined || row.entry === entry)
          .filter(
            (row) => liveAt === undefined || (row.notAfter >= liveAt && row.revocation === null),
          )
          .reverse()
          .sort((a, b) => b.issuedAt - a.issuedAt)
          .slice(0, limit),
      ),
    countLive: (now) =>
      answered(
        () =>
          [...this.rows.values()].filter((row) => row.notAfter >= now && row.revocation === null)
            .length,
      ),
    lastNotAfter: (entry) => answered(() => this.until.get(entry)),
    revoke: (serials, revocation) =>
      answered(() => {
        let changed = 0
        for (const serial of serials) {
          const row = this.rows.get(serial)
          if (row?.revocation !== null) continue
          this.rows.set(serial, { ...row, revocation })
          changed += 1
        }
        return changed
      }),
    revokeEntry: (entry, revocation) =>
      answered(() => {
        const marked: SerialNumber[] = []
        for (const [serial, row] of this.rows) {
          const isLive = row.notAfter >= revocation.at && row.revocation === null
          if (row.entry !== entry || !isLive) continue
          this.rows.set(serial, { ...row, revocation })
          marked.push(row.serial)
        }
        return marked
      }),
    revoked: (issuerId, now) =>
      answered(() =>
        [...this.rows.values()]
          .filter((row) => row.issuerId === issuerId && row.notAfter >= now)
          .flatMap((row) => (row.revocation === null ? [] : [{ row, at: row.revocation.at }]))
          .sort((a, b) => a.at - b.at || (a.row.serial < b.row.serial ? -1 : 1))
          .map(({ row }) => row),
      ),
    nextCrlNumber: (issuerId) =>
      answered(() => {
        const next = (this.crlNumbers.get(issuerId) ?? 0) + 1
        this.crlNumbers.set(issuerId, next)
        return next
      }),
    days: () =>
      answered(() => {
        const days = [...this.rows.values()].map(({ notAfter }) => notAfter - (notAfter % 86_400))
        return [...new Set(days)].sort((a, b) => a - b).map(unixSeconds)
      }),
    prune: (before) =>
      answered(() => {
        const kept = new Map([...this.rows].filter(([, { notAfter }]) => notAfter >= before))
        const dropped = this.rows.size - kept.size
        this.rows = kept
        for (const things of [this.tokens, this.asked]) {
          for (const [id, { expiresAt }] of things) if (expiresAt < before) things.delete(id)
        }
        return dropped
      }),
    probe: () => Promise.resolve(),
  }

  readonly issuanceLog: OwnIssuanceLog = {
    tree: this.issued,
    issuedAt: (seq) =>
      answered(() => [...this.rows.values()].find((row) => row.seq === seq)?.issuedAt),
    last: () =>
      answered(() => {
        const last = this.log.findLastIndex(({ serial }) => this.rows.has(serial))
        return last < 0 ? undefined : last
      }),
    pruned: () => answered(() => this.log.length - this.rows.size),
    unlogged: () => Promise.resolve({ found: 0, expected: 0, later: 0 }),
    read: (from, limit) =>
      answered(() =>
        this.log
          .flatMap(({ serial, bytes }, seq) => {
            const row = this.rows.get(serial)
            return row ? [{ seq, bytes, certificate: row.certificate, evidence: row.evidence }] : []
          })
          .filter(({ seq }) => seq >= from && seq < from + limit),
      ),
  }

  readonly joinTokens: JoinTokenStore = {
    create: (token) =>
      answered(() => {
        if (this.tokens.has(token.id)) throw exists('join token')
        this.tokens.set(token.id, { ...token, usedAt: null })
      }),
    find: (id) =>
      answered(() => {
        const token = this.tokens.get(id)
        return token && { ...token }
      }),
    list: (limit) =>
      answered(() =>
        [...this.tokens.values()]
          .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1))
          .slice(0, limit)
          .map((token) => ({ ...token })),
      ),
    withdraw: (id) =>
      answered(() => this.tokens.get(id)?.usedAt === null && this.tokens.delete(id)),
  }

  readonly challenges: ChallengeStore = {
    create: (challenge) =>
      answered(() => {
        if (this.asked.has(challenge.id)) throw exists('challenge')
        this.asked.set(challenge.id, { ...challenge, usedAt: null })
      }),
    find: (id) =>
      answered(() => {
        const { usedAt, ...challenge } = this.asked.get(id) ?? { usedAt: undefined }
        return usedAt === null && 'nonce' in challenge ? challenge : undefined
      }),
  }

  readonly index = new MemoryIndexStore()

  readonly authorities: AuthorityStore = {
    list: () => answered(() => [...this.known.values()]),
    put: (records) =>
      answered(() => {
        for (const record of records) this.known.set(record.id, record)
      }),
  }

  private spendable({ kind, id }: Spend): Spendable | undefined {
    return kind === 'join-token' ? this.tokens.get(id) : this.asked.get(id)
  }

  /** What stands in the way of spending them all at once. */
  private firstNotSpendable(spends: readonly Spend[], at: UnixSeconds): Spend['kind'] | undefined {
    const taken = new Set<Spendable>()
    for (const spend of spends) {
      const thing = this.spendable(spend)
      if (thing?.usedAt !== null || thing.expiresAt <= at || taken.has(thing)) return spend.kind
      taken.add(thing)
    }
    return undefined
  }
}

const exists = (what: string): DependencyError =>
  new DependencyError('store', `the ${what} exists already`)

/** As a promise, its throw included: no caller sees a port throw at once. */
function answered<T>(answer: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(answer())
  })
}
