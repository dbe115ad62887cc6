import { createHash } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { noWitnesses } from '../../src/tlog/policy.js'
import { parseVerifierKey } from '../../src/tlog/verifier-key.js'
import { verifyCheckpoint } from '../../src/tlog/verify-checkpoint.js'
import { treeRoot } from '../tlog/reference-tree.js'

/** Keys of rows from here on say their number in the issuance log. */
const FIRST = 2 ** 32

interface Row {
  readonly id: number
  readonly serial: string
  readonly entry: string | null
  readonly rev: number
  readonly binding: string | null
  readonly not_after: number
  readonly certificate: Buffer
  readonly evidence: string
  readonly policy_digest: Buffer | null
  readonly index_size: number | null
}

const sha256 = (...octets: readonly (Uint8Array | string)[]): Buffer => {
  const hash = createHash('sha256')
  for (const each of octets) hash.update(each)
  return hash.digest()
}

/** The leaf hash of a row's record, written here anew from docs/format-issuance-log.md. */
function leafOf(row: Row): Buffer {
  const record = {
    attestation: sha256(row.evidence).toString('hex'),
    binding: row.binding,
    certificate: sha256(row.certificate).toString('hex'),
    entry: row.entry,
    notAfter: row.not_after,
    policyDigest: row.policy_digest?.toString('hex') ?? null,
    rev: row.rev,
    serial: row.serial,
    size: row.index_size,
    v: 1,
  }
  return sha256(Uint8Array.of(0), JSON.stringify(record))
}

/**
 * What is wrong with the issuance log as it is on the disk: every row of the ledger is a leaf, under its
 * number and in its place; no leaf is without one, as nothing is pruned here; tree and checkpoint are of
 * these leaves. `key` verifies checkpoints.
 */
export function issuanceProblems(database: Database, key: string): string[] {
  const problems: string[] = []
  const tables = database
    .prepare<[], { name: string }>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'leaf_[0-9]*'",
    )
    .all()
  const leaves: Buffer[] = []
  for (const { name } of tables) {
    for (const row of database.prepare<[], Row>(`SELECT * FROM ${name}`).iterate()) {
      const seq = row.id - FIRST
      if (seq < 0) problems.push(`${row.serial} is not in the issuance log`)
      else if (leaves[seq]) problems.push(`number ${seq} of the issuance log is there twice`)
      else leaves[seq] = leafOf(row)
    }
  }
  const whole = Array.from(leaves, (leaf: Buffer | undefined) => leaf ?? Buffer.alloc(0))
  const gaps = whole.filter(({ length }) => length === 0).length
  if (gaps > 0) problems.push(`${gaps} numbers of the issuance log have no certificate`)
  const tree = database
    .prepare<[], { size: number; root: Buffer }>(
      "SELECT size, root FROM log_tree WHERE log = 'issuance'",
    )
    .get()
  if (tree?.size !== whole.length) {
    problems.push(`${whole.length} certificates, and an issuance log of ${tree?.size ?? 'none'}`)
  } else if (gaps === 0 && !tree.root.equals(treeRoot(whole))) {
    problems.push('the issuance log has another root than its certificates')
  }
  const tiles = database
    .prepare<[], Buffer>(
      "SELECT octets FROM log_tile WHERE log = 'issuance' AND level = 0 ORDER BY number",
    )
    .pluck()
    .all()
  if (!Buffer.concat(tiles).equals(Buffer.concat(whole))) problems.push('other tiles')
  const note = database
    .prepare<[], string>("SELECT note FROM log_checkpoint WHERE log = 'issuance'")
    .pluck()
    .get()
  if (note !== undefined) problems.push(...checkpointProblems(note, key, whole))
  return problems
}

/** Of every round, which has no time for hashes: are there as many leaves as certificates, each once? */
export function countProblems(database: Database): string[] {
  const tables = database
    .prepare<[], { name: string }>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'leaf_[0-9]*'",
    )
    .all()
  let [rows, end] = [0, 0]
  for (const { name } of tables) {
    const { count = 0, last } =
      database
        .prepare<[], { count: number; last: number | null }>(
          `SELECT count(*) AS count, max(id) AS last FROM ${name}`,
        )
        .get() ?? {}
    rows += count
    end = Math.max(end, (last ?? FIRST - 1) - FIRST + 1)
  }
  const size = database
    .prepare<[], number>("SELECT size FROM log_tree WHERE log = 'issuance'")
    .pluck()
    .get()
  return rows === size && end === size
    ? []
    : [`${rows} certificates to number ${end}, and an issuance log of ${size ?? 'none'}`]
}

function checkpointProblems(note: string, key: string, leaves: readonly Buffer[]): string[] {
  const vkey = parseVerifierKey(key)
  if (!vkey.ok) return ['no key of the issuance log']
  const read = verifyCheckpoint(Buffer.from(note), vkey.value, noWitnesses)
  if (!read.ok) return [`the checkpoint of the issuance log: ${read.refusal.code}`]
  const { size, root } = read.value
  if (size > leaves.length) return [`a checkpoint of ${size} certificates: there are fewer`]
  return Buffer.from(root).equals(treeRoot(leaves.slice(0, size)))
    ? []
    : ['a checkpoint of other certificates']
}
