import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import SqliteDatabase from 'better-sqlite3'
import { storePath } from '../../src/compose/found.js'
import { openInstance } from '../../src/compose/instance.js'
import { keepPublishing } from '../../src/compose/keep-publishing.js'
import { days, plus, seconds } from '../../src/core/time.js'
import { sha256Hex } from '../../src/core/uid.js'
import type { Issued } from '../../src/issuance/issue-leaf.js'
import { issuanceRecordOf, parseIssuanceRecord } from '../../src/namespace/issuance-record.js'
import { systemRandom } from '../../src/system.js'
import { decodeBundle } from '../../src/tlog/entry-bundle.js'
import { leafHash } from '../../src/tlog/hash.js'
import { noWitnesses } from '../../src/tlog/policy.js'
import { parseProof, verifyProof } from '../../src/tlog/proof-text.js'
import { parseTilePath } from '../../src/tlog/tile.js'
import { parseVerifierKey } from '../../src/tlog/verifier-key.js'
import { verifyCheckpoint } from '../../src/tlog/verify-checkpoint.js'
import { standingOfCertificate } from '../../src/verify/certificate-identity.js'
import { verifyBundle } from '../../src/verify/verify-bundle.js'
import { treeRoot } from '../tlog/reference-tree.js'
import { codeOf, givenInstallation, type Installation, valueOf, web } from './given-installation.js'

let given: Installation
beforeEach(async () => {
  given = await givenInstallation()
})
afterEach(() => given[Symbol.asyncDispose]())

const operations = () => given.instance.operations
const keyOf = () => valueOf(parseVerifierKey(given.instance.issuanceKey))
const headIn = (note: string) => valueOf(verifyCheckpoint(Buffer.from(note), keyOf(), noWitnesses))
const tile = (path: string) => operations().issuanceTile(parseTilePath(path)!)
const issued = async (): Promise<Issued> => valueOf(await given.issueToPod())
const proofFor = async ({ record }: Pick<Issued, 'record'>) =>
  valueOf(await operations().issuanceProof(record.serial))

/** Does something to the store while no process has it open. */
async function meddle(work: (database: SqliteDatabase.Database) => void): Promise<void> {
  await given.instance[Symbol.asyncDispose]()
  const database = new SqliteDatabase(storePath(given.config.dataDir))
  work(database)
  database.close()
}

const besideTheStore = () => join(given.config.dataDir, 'issuance-head.json')
const opening = () =>
  openInstance({
    config: given.config,
    env: {},
    clock: given.clock,
    random: systemRandom,
    version: '0',
    writer: 'inline',
    listeners: () => [],
    observer: { stage: () => undefined, issued: () => undefined },
  })

describe('a certificate', () => {
  it('is in the issuance log, provably, with what it was granted on', async () => {
    const { record, leaf } = await issued()
    const proof = valueOf(parseProof(Buffer.from(await proofFor({ record }))))
    const head = valueOf(verifyProof(proof, leafHash(proof.extra!), keyOf(), noWitnesses))
    expect(head).toMatchObject({ origin: 'test.example/issuance', size: 1 })
    const { state } = given.instance.index
    const entry = state.entries.get(record.entry!)!
    expect(valueOf(parseIssuanceRecord(proof.extra!))).toEqual({
      ...{ v: 1, serial: record.serial, notAfter: record.notAfter },
      ...{ certificate: sha256Hex(leaf), attestation: sha256Hex(record.evidence) },
      ...{ entry: entry.uid, rev: entry.rev, binding: entry.bindings[0]!.id },
      ...{ size: state.size, policyDigest: record.policyDigest },
    })
  })

  it('is none of another log, key, place or record', async () => {
    const [first, second] = [await issued(), await issued()]
    const text = await proofFor(second)
    const proof = valueOf(parseProof(Buffer.from(text)))
    const verified = (over: Partial<typeof proof>, leaf = leafHash(proof.extra!), key = keyOf()) =>
      codeOf(verifyProof({ ...proof, ...over }, leaf, key, noWitnesses))
    expect(verified({})).toBeUndefined()
    expect(verified({ index: 0 })).toBe('tlog.bad-proof')
    expect(verified({}, leafHash(issuanceRecordOf(first.record)))).toBe('tlog.bad-proof')
    const indexKey = valueOf(parseVerifierKey(given.instance.logKey))
    expect(verified({}, undefined, indexKey)).toBe('tlog.unknown-log')
  })

  it('has no proof where it was never issued, or not recorded in the log', async () => {
    const { record } = await issued()
    const unknown = record.serial.replace(/^./, (first) =>
      first === '4' ? '5' : '4',
    ) as typeof record.serial
    expect(codeOf(await operations().issuanceProof(unknown))).toBe('request.not-found')
    await meddle((database) => {
      for (const { name } of tablesOf(database)) database.exec(`UPDATE ${name} SET id = 1`)
      database.exec("DELETE FROM log_tile WHERE log = 'issuance'")
      database.exec("UPDATE log_tree SET size = 0, root = x'" + EMPTY + "' WHERE log = 'issuance'")
      database.exec("DELETE FROM log_checkpoint WHERE log = 'issuance'")
      database.exec('DELETE FROM issuance_tally')
    })
    rmSync(besideTheStore())
    await given.open()
    // As an earlier version has left it.
    expect(codeOf(await operations().issuanceProof(record.serial))).toBe('request.not-found')
    expect((await given.instance.store.ledger.find(record.serial))?.seq).toBeNull()
    const next = await issued()
    expect(headIn(valueOf(await afterwards())).size).toBe(1)
    expect((await given.instance.store.ledger.find(next.record.serial))?.seq).toBe(0)
    const compared = () => operations().verifyIssuance()
    expect(valueOf(await compared())).toMatchObject({ size: 1, compared: 1, before: 1 })
    // It stays at those that there were.
    const change = (sql: string) => {
      const database = new SqliteDatabase(storePath(given.config.dataDir))
      for (const { name } of tablesOf(database)) database.exec(sql.replaceAll('TABLE_', name))
      database.close()
    }
    const later = `INSERT INTO TABLE_ SELECT 2, substr(serial, 3) || serial, ${COLUMNS} FROM TABLE_ WHERE id > 1`
    for (const [there, back] of [
      [later, 'DELETE FROM TABLE_ WHERE id = 2'],
      [
        'UPDATE TABLE_ SET id = id + 4294967297 WHERE id = 1',
        'UPDATE TABLE_ SET id = 1 WHERE id = 4294967298',
      ],
      [
        'UPDATE TABLE_ SET issued_at = issued_at + 1 WHERE id = 1',
        'UPDATE TABLE_ SET issued_at = issued_at - 1 WHERE id = 1',
      ],
    ] as const) {
      change(there)
      expect(codeOf(await compared())).toBe('tlog.inconsistent')
      change(back)
      expect(codeOf(await compared())).toBeUndefined()
    }
    await given.instance.store.ledger.prune(plus(given.clock.now(), days(3)))
    expect(valueOf(await compared())).toMatchObject({ size: 1, compared: 0, before: 0 })
  })
})

describe('the policy digest of a certificate', () => {
  const bundle = async () => {
    await given.instance.operations.checkpoint()
    const octets = valueOf(await operations().entryBundle(web, 'needed'))
    const { index } = await operations().status()
    const logKey = valueOf(parseVerifierKey(index.logKey))
    return valueOf(verifyBundle(octets, { indexId: index.id, logKey, now: given.clock.now() }))
  }

  it('is that of the bundle it was granted under, until rules or ceilings change', async () => {
    const first = await issued()
    const before = await bundle()
    expect(first.record.policyDigest).toBe(before.policyDigest)
    expect(standingOfCertificate(before, first.leaf)).toBe('same-policy')
    await given.change({ op: 'entry.update', alias: web, labels: { tier: 'gold' } })
    expect(standingOfCertificate(await bundle(), first.leaf)).toBe('same-policy')
    const rule = { id: 'self', callers: [web], ports: [8080] }
    await given.change({ op: 'rule.attach', alias: web, rule })
    const after = await bundle()
    expect(standingOfCertificate(after, first.leaf)).toBe('other-policy')
    expect(standingOfCertificate(after, (await issued()).leaf)).toBe('same-policy')
    await given.change({ op: 'guard.set', alias: '', guard: { id: 'r', effect: 'requireRoutes' } })
    expect(standingOfCertificate(await bundle(), (await issued()).leaf)).toBe('same-policy')
    expect(standingOfCertificate(after, (await issued()).leaf)).toBe('other-policy')
  })

  it('is compared with that of its own entry and index only', async () => {
    const { leaf } = await issued()
    const found = await bundle()
    const other = {
      ...found,
      entry: {
        ...found.entry,
        uid: found.entry.uid.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a')),
      },
    }
    expect(standingOfCertificate(other as typeof found, leaf)).toBe('other-entry')
    expect(standingOfCertificate({ ...found, index: 'ab'.repeat(32) }, leaf)).toBe('other-entry')
  })

  it('is not found in what is no certificate of an entry, whatever it is', async () => {
    const { leaf, chain } = await issued()
    const found = await bundle()
    expect(standingOfCertificate(found, chain[0]!)).toBe('no-identity')
    expect(standingOfCertificate(found, new Uint8Array(70_000))).toBe('no-identity')
    for (let length = 0; length < leaf.length; length += 1) {
      expect(standingOfCertificate(found, leaf.subarray(0, length))).toBe('no-identity')
    }
    for (let at = 0; at < leaf.length; at += 1) {
      const changed = Uint8Array.from(leaf)
      changed[at]! ^= 0x20
      expect(typeof standingOfCertificate(found, changed)).toBe('string')
    }
  })
})

const EMPTY = sha256Hex('')
/** Of a row, without its key and its serial number. */
const COLUMNS =
  'issuer_id, entry, alias, rev, binding, issued_at, not_before, not_after, certificate, evidence, parent_serial, request_id, policy_digest, index_size'
const tablesOf = (database: SqliteDatabase.Database) =>
  database
    .prepare<[], { name: string }>("SELECT name FROM sqlite_schema WHERE name GLOB 'leaf_????????'")
    .all()

/** The checkpoint once everything that is issued is covered. */
async function afterwards() {
  const [{ serial } = { serial: undefined }] = await given.instance.store.ledger.list({ limit: 1 })
  if (serial) await operations().issuanceProof(serial)
  return operations().issuanceCheckpoint()
}

describe('the checkpoint of the issuance log', () => {
  it('is over every certificate of the ledger, in their order', async () => {
    expect(codeOf(await operations().issuanceCheckpoint())).toBe('request.not-found')
    const leaves: Uint8Array[] = []
    for (let count = 1; count <= 5; count += 1) {
      leaves.push(leafHash(issuanceRecordOf((await issued()).record)))
      const { size, root } = headIn(valueOf(await afterwards()))
      expect(size).toBe(count)
      expect(Buffer.from(root)).toEqual(treeRoot(leaves))
    }
    expect(Buffer.from(valueOf(await tile('tile/0/000.p/5')))).toEqual(Buffer.concat(leaves))
    expect(codeOf(await tile('tile/0/000.p/6'))).toBe('request.not-found')
    const entries = valueOf(decodeBundle(valueOf(await tile('tile/entries/000.p/5')), 5))
    expect(entries.map((octets) => Buffer.from(leafHash(octets)))).toEqual(leaves)
  })

  it('is signed an interval apart, however many certificates are issued', async () => {
    const stop = new AbortController()
    let rounds = 0
    const keeping = keepPublishing(
      {
        publish() {
          rounds += 1
          return given.instance.publishIssued()
        },
        clock: given.clock,
        interval: seconds(1),
      },
      stop.signal,
    )
    for (let n = 0; n < 5; n += 1) await issued()
    expect(rounds).toBe(1)
    given.clock.advance(seconds(1))
    await new Promise(setImmediate)
    expect(rounds).toBe(2)
    stop.abort()
    await keeping
  })

  it('covers what was issued before a stop, and is the same after it', async () => {
    await issued()
    await given.reopen()
    const before = valueOf(await operations().issuanceCheckpoint())
    expect(headIn(before).size).toBe(1)
    await given.reopen()
    expect(valueOf(await operations().issuanceCheckpoint())).toBe(before)
  })

  it('covers certificates that are pruned, whose records are gone', async () => {
    const first = await issued()
    const leaf = leafHash(issuanceRecordOf(first.record))
    await given.instance.store.ledger.prune(plus(given.clock.now(), days(3)))
    expect(valueOf(await operations().verifyIssuance())).toMatchObject({ size: 1, compared: 0 })
    await given.reopen()
    expect(Buffer.from(valueOf(await tile('tile/0/000.p/1')))).toEqual(leaf)
    expect(codeOf(await tile('tile/entries/000.p/1'))).toBe('request.not-found')
    expect(codeOf(await operations().issuanceProof(first.record.serial))).toBe('request.not-found')
    await issued()
    expect(headIn(valueOf(await afterwards())).size).toBe(2)
  })
})

describe('an issuance log that does not go on from what was signed', () => {
  beforeEach(async () => {
    await issued()
    await issued()
    await afterwards()
  })

  it('is refused with a store that was put back to before, and nothing is signed', async () => {
    const copy = join(given.home, 'copy.db')
    await given.instance[Symbol.asyncDispose]()
    expect(existsSync(`${storePath(given.config.dataDir)}-wal`)).toBe(false)
    copyFileSync(storePath(given.config.dataDir), copy)
    await given.open()
    await issued()
    await afterwards()
    await given.instance[Symbol.asyncDispose]()
    const now = readFileSync(storePath(given.config.dataDir))
    const head = readFileSync(besideTheStore())
    copyFileSync(copy, storePath(given.config.dataDir))
    expect(codeOf(await opening())).toBe('tlog.inconsistent')
    expect(readFileSync(besideTheStore())).toEqual(head)
    writeFileSync(storePath(given.config.dataDir), now)
    await given.open()
  })

  it.each([
    [
      'a leaf that was taken out',
      "UPDATE log_tree SET size = 1, root = (SELECT substr(octets, 1, 32) FROM log_tile WHERE log = 'issuance') WHERE log = 'issuance'",
    ],
    ['no tree', "DELETE FROM log_tree WHERE log = 'issuance'"],
    ['another root', "UPDATE log_tree SET root = zeroblob(32) WHERE log = 'issuance'"],
    ['another leaf', "UPDATE log_tile SET octets = zeroblob(64) WHERE log = 'issuance'"],
  ])('is refused with %s', async (_, sql) => {
    await given.instance[Symbol.asyncDispose]()
    const whole = readFileSync(storePath(given.config.dataDir))
    const database = new SqliteDatabase(storePath(given.config.dataDir))
    database.exec(sql)
    database.close()
    expect(codeOf(await opening())).toBe('tlog.inconsistent')
    writeFileSync(storePath(given.config.dataDir), whole)
    await given.open()
  })

  it.each([
    ['without its last certificate', 'DELETE FROM TABLE_ WHERE id > 4294967296'],
    ['that was emptied', 'DELETE FROM TABLE_'],
    [
      'whose last certificate is another',
      'UPDATE TABLE_ SET certificate = zeroblob(9) WHERE id = (SELECT max(id) FROM TABLE_)',
    ],
    [
      'that has a certificate beyond the log',
      `INSERT INTO TABLE_ SELECT id + 1, '${'4f'.repeat(16)}', issuer_id, entry, alias, rev, binding, issued_at, not_before, not_after, certificate, evidence, parent_serial, request_id, policy_digest, index_size FROM TABLE_ ORDER BY id DESC LIMIT 1`,
    ],
  ])('is refused with a ledger %s', async (_, sql) => {
    await given.instance[Symbol.asyncDispose]()
    const whole = readFileSync(storePath(given.config.dataDir))
    const database = new SqliteDatabase(storePath(given.config.dataDir))
    for (const { name } of tablesOf(database)) database.exec(sql.replaceAll('TABLE_', name))
    database.close()
    expect(codeOf(await opening())).toBe('tlog.inconsistent')
    writeFileSync(storePath(given.config.dataDir), whole)
    await given.open()
  })

  it.each([
    [
      'a certificate that was exchanged',
      'UPDATE TABLE_ SET certificate = zeroblob(9) WHERE id = FIRST',
    ],
    ['another validity', 'UPDATE TABLE_ SET not_after = not_after + 1 WHERE id = FIRST'],
    [
      'another entry',
      // One letter changes whichever it was: 'a' in the place of an 'a' is no damage.
      "UPDATE TABLE_ SET entry = substr(entry, 1, length(entry) - 1) || iif(entry LIKE '%a', 'b', 'a') WHERE id = FIRST",
    ],
    ['other evidence', "UPDATE TABLE_ SET evidence = '{}' WHERE id = FIRST"],
    [
      'a certificate that is not in the log',
      'INSERT INTO TABLE_ SELECT id + 9, substr(serial, 3) || serial, COLUMNS FROM TABLE_ WHERE id = FIRST',
    ],
    ['a certificate that was cut out', 'DELETE FROM TABLE_ WHERE id = FIRST'],
    ['the last certificate, cut out', 'DELETE FROM TABLE_ WHERE id > FIRST'],
    ['a ledger that was emptied', 'DELETE FROM TABLE_'],
    ['a day that was taken away', 'DELETE FROM ledger_partition; DROP TABLE TABLE_'],
    [
      'a certificate that stands twice, in the place of another',
      'CREATE TABLE leaf_20300101 AS SELECT * FROM TABLE_ WHERE id > FIRST; INSERT INTO ledger_partition SELECT 21915; DELETE FROM TABLE_ WHERE id = FIRST',
    ],
    [
      'a certificate with a key of before there was a log',
      'INSERT INTO TABLE_ SELECT 7, substr(serial, 3) || serial, COLUMNS FROM TABLE_ WHERE id = FIRST',
    ],
    ['no tally', 'DELETE FROM issuance_tally'],
    [
      'a leaf that was exchanged',
      "UPDATE log_tile SET octets = CAST(zeroblob(32) || substr(octets, 33) AS BLOB) WHERE log = 'issuance'",
    ],
    [
      'a leaf that is missing',
      "UPDATE log_tile SET octets = substr(octets, 33) WHERE log = 'issuance'",
    ],
  ])('is found in a running server by a comparison: %s', async (_, sql) => {
    expect(valueOf(await operations().verifyIssuance())).toMatchObject({ size: 2, compared: 2 })
    const database = new SqliteDatabase(storePath(given.config.dataDir))
    for (const { name } of tablesOf(database)) {
      database.exec(
        sql
          .replaceAll('TABLE_', name)
          .replaceAll('FIRST', String(2 ** 32))
          .replaceAll('COLUMNS', COLUMNS),
      )
    }
    database.close()
    const found = await operations()
      .verifyIssuance()
      .then(codeOf, (error: unknown) => String(error))
    expect(found).toMatch(/^tlog.inconsistent$|missing or cut|tally of the issuance log is missing/)
  })

  it('issues nothing on a tree that is damaged while it runs', async () => {
    const database = new SqliteDatabase(storePath(given.config.dataDir))
    const [root] = database
      .prepare("SELECT root FROM log_tree WHERE log = 'issuance'")
      .pluck()
      .all() as Buffer[]
    database.exec("UPDATE log_tree SET root = zeroblob(32) WHERE log = 'issuance'")
    database.close()
    const before = await given.issued()
    await expect(given.issueToPod()).rejects.toThrow('issuance log is damaged')
    expect(await given.issued()).toBe(before)
    // What is in the same batch has nothing to do with it.
    await given.change({ op: 'entry.create', alias: 'shop/new', owner: { controller: 'team' } })
    await meddle((later) => {
      later.prepare("UPDATE log_tree SET root = ? WHERE log = 'issuance'").run(root)
    })
    await given.open()
    await issued()
  })

  it('is not signed by a key that nobody can look up, beside what was signed', async () => {
    const path = join(given.config.dataDir, 'instance.json')
    const whole = readFileSync(path, 'utf8')
    const { issuanceKey: _, ...older } = JSON.parse(whole) as { issuanceKey: string }
    await given.instance[Symbol.asyncDispose]()
    writeFileSync(path, JSON.stringify(older))
    expect(codeOf(await opening())).toBe('tlog.unknown-key')
    writeFileSync(path, whole)
    await given.open()
  })
})
