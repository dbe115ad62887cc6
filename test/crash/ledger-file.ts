import { createHash } from 'node:crypto'
import SqliteDatabase, { type Database } from 'better-sqlite3'

export const digestOf = (der: Uint8Array): string =>
  createHash('sha256').update(der).digest('base64')

/** `id-ecPublicKey, prime256v1`, then a BIT STRING of 66 octets: 65 of them are the point. */
const P256 = Buffer.from('301306072a8648ce3d020106082a8648ce3d030107034200', 'hex')

/** The public key of a P-256 certificate or CSR, hex; read without a parser. */
export function pointOf(der: Uint8Array): string {
  const octets = Buffer.from(der.buffer, der.byteOffset, der.byteLength)
  const at = octets.indexOf(P256) + P256.length
  return octets.toString('hex', at, at + 65)
}

interface Row {
  readonly id: number
  readonly serial: string
  readonly entry: string | null
  readonly certificate: Buffer
  readonly evidence: string
}

/**
 * The ledger as it is on the disk, read by SQL of its own: what the server says of it is not taken
 * for granted. Reads only what came since it was last read.
 */
export class LedgerFile {
  /** Digest of the certificate, by serial number. */
  readonly certificates = new Map<string, string>()
  /** Certificates by join token, and by public key. */
  readonly byToken = new Map<string, number>()
  readonly byKey = new Map<string, number>()
  readonly serialsTwice: string[] = []
  /** Serial numbers of what entries have; the server's own certificates are none of them. */
  readonly entryCertificates = new Set<string>()
  private readonly read = new Map<string, number>()
  private readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /**
   * Reads on. While it is open the server's own recovery would find the store in use: call it only
   * on a server that is up.
   */
  update<T = undefined>(more?: (database: Database) => T): T | undefined {
    const database = new SqliteDatabase(this.path, { readonly: true, fileMustExist: true })
    try {
      return database.transaction(() => {
        for (const { name } of tables(database)) this.readTable(database, name)
        return more?.(database)
      })()
    } finally {
      database.close()
    }
  }

  private readTable(database: Database, table: string): void {
    const rows = database
      .prepare<[number], Row>(
        `SELECT id, serial, entry, certificate, evidence FROM ${table} WHERE id > ? ORDER BY id`,
      )
      .all(this.read.get(table) ?? 0)
    for (const { id, serial, entry, certificate, evidence } of rows) {
      if (entry !== null) this.entryCertificates.add(serial)
      if (this.certificates.has(serial)) this.serialsTwice.push(serial)
      this.certificates.set(serial, digestOf(certificate))
      const { tokenId } = JSON.parse(evidence) as { tokenId?: string }
      if (tokenId !== undefined) add(this.byToken, tokenId)
      else add(this.byKey, pointOf(certificate))
      this.read.set(table, id)
    }
  }
}

const tables = (database: Database): { name: string }[] =>
  database
    .prepare<[], { name: string }>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'leaf_[0-9]*'",
    )
    .all()

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** What has to be true of the whole store at any time, beyond its certificates. */
export function wholeStoreProblems(database: Database, ledger: LedgerFile): string[] {
  const problems: string[] = []
  const [{ integrity_check: integrity } = {}] = database.pragma('integrity_check') as {
    integrity_check?: string
  }[]
  if (integrity !== 'ok') problems.push(`the file is damaged: ${String(integrity)}`)
  const one = (sql: string): number =>
    database.prepare<[], { n: number }>(`SELECT (${sql}) AS n`).get()?.n ?? 0
  const spent = one('SELECT count(*) FROM join_token WHERE used_at IS NOT NULL')
  if (spent !== ledger.byToken.size) {
    problems.push(`${spent} tokens are used up, and ${ledger.byToken.size} had a certificate`)
  }
  const records = one('SELECT count(*) FROM index_log')
  if (records !== one('SELECT max(seq) + 1 FROM index_log')) problems.push('the log has a gap')
  return problems
}
