import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import SqliteDatabase from 'better-sqlite3'
import { openVault } from '../../src/compose/open-vault.js'
import { LiveIndex } from '../../src/namespace/live-index.js'
import { voterSigner } from '../../src/keys/voter-signer.js'
import type { KeyRef } from '../../src/ca/ports.js'
import type { TrustDomain } from '../../src/core/names.js'
import { storePath } from '../../src/compose/found.js'
import { openInstance } from '../../src/compose/instance.js'
import { canonicalize } from '../../src/core/canonical-json.js'
import { sha256Hex } from '../../src/core/uid.js'
import { type LogRecord, readRecord } from '../../src/namespace/log-record.js'
import type { StateMapTable } from '../../src/namespace/state-map.js'
import { parseStateProof, verifyStateProof } from '../../src/tlog/state-proof-text.js'
import { decodeBundle } from '../../src/tlog/entry-bundle.js'
import { leafHash } from '../../src/tlog/hash.js'
import type { Policy } from '../../src/tlog/policy.js'
import { parseProof, verifyProof } from '../../src/tlog/proof-text.js'
import { parseTilePath } from '../../src/tlog/tile.js'
import { parseVerifierKey } from '../../src/tlog/verifier-key.js'
import { verifyCheckpoint } from '../../src/tlog/verify-checkpoint.js'
import { emptyIndexTables } from '../../src/store/empty-index-tables.js'
import { openStore } from '../../src/store/open-store.js'
import { systemRandom } from '../../src/system.js'
import { treeRoot } from '../tlog/reference-tree.js'
import { codeOf, givenInstallation, type Installation, valueOf } from './given-installation.js'

const noWitnesses: Policy = { logs: [], witnesses: [], groups: [], quorum: undefined }

let given: Installation
beforeEach(async () => {
  given = await givenInstallation()
})
afterEach(() => given[Symbol.asyncDispose]())

const operations = () => given.instance.operations
const keyOf = async () => valueOf(parseVerifierKey((await operations().status()).index.logKey))
const checkpoint = async () => valueOf(await operations().checkpoint())
const headIn = async (note: string) =>
  valueOf(verifyCheckpoint(Buffer.from(note), await keyOf(), noWitnesses))
const recordsOf = async () => {
  const { index } = given.instance.store
  return index.read(0, await index.size())
}
const tile = (path: string) => operations().logTile(parseTilePath(path)!)
const change = (alias: string) =>
  given.change({ op: 'entry.create', alias, owner: { controller: 'team' } })

/** Does something to the store while no process has it open. */
async function meddle(work: (database: SqliteDatabase.Database) => void): Promise<void> {
  await given.instance[Symbol.asyncDispose]()
  const database = new SqliteDatabase(storePath(given.config.dataDir))
  work(database)
  database.close()
}

/** The index is founded again, as an earlier version did it. */
async function withoutKeyInGenesis(voterKey: KeyRef): Promise<void> {
  const path = storePath(given.config.dataDir)
  const database = new SqliteDatabase(path)
  database.exec('DELETE FROM index_log')
  database.close()
  emptyIndexTables(path)
  const { config, clock } = given
  const vault = valueOf(await openVault({ config, env: {}, random: systemRandom }))
  const signer = await vault.open(voterKey)
  if (!signer) throw new Error('no voter key')
  await using store = openStore({ path, writer: 'inline' })
  const issued = { freeze: () => Promise.resolve(undefined), thaw: () => undefined }
  const deps = {
    store: store.index,
    voter: voterSigner(signer),
    clock,
    random: systemRandom,
    issued,
  }
  const about = { trustDomain: 'test.example' as TrustDomain, controller: 'local:test' }
  valueOf(await LiveIndex.create(deps, about))
}

const besideTheStore = () => join(given.config.dataDir, 'index-head.json')
/** What is remembered of the log outside its store. */
const forget = () => rmSync(besideTheStore())

/** Cuts the log short, and makes everything that is derived from it again. */
const cutShort = (more: string) =>
  meddle((database) => {
    database.exec('DELETE FROM index_log WHERE seq = (SELECT max(seq) FROM index_log)')
    database.exec(more)
  }).then(() => emptyIndexTables(storePath(given.config.dataDir)))

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

describe('the checkpoint of the index log', () => {
  it('is signed after every change, over the records themselves, by the key that status shows', async () => {
    for (const alias of ['a/one', 'a/two', 'a/three']) {
      await change(alias)
      const { size, root, origin } = await headIn(await checkpoint())
      const records = await recordsOf()
      expect({ size, origin }).toEqual({ size: records.length, origin: 'test.example/index' })
      expect(Buffer.from(root)).toEqual(treeRoot(records.map(({ bytes }) => leafHash(bytes))))
    }
  })

  it('and its key are the same after a restart', async () => {
    const before = [await checkpoint(), await keyOf()]
    await given.reopen()
    expect([await checkpoint(), await keyOf()]).toEqual(before)
  })

  it('is signed by a new key where an earlier version founded the installation', async () => {
    const path = join(given.config.dataDir, 'instance.json')
    const whole = readFileSync(path, 'utf8')
    const { logKey: _, ...before } = JSON.parse(whole) as { logKey: string; voterKey: string }
    const derived = 'DELETE FROM log_checkpoint; DELETE FROM log_tile; DELETE FROM log_tree'
    await meddle((database) => void database.exec(derived))
    writeFileSync(path, JSON.stringify(before))
    forget()
    // Its genesis names the key that is gone.
    expect(codeOf(await opening())).toBe('namespace.unknown-key')
    await withoutKeyInGenesis(before.voterKey)
    writeFileSync(path, JSON.stringify(before))
    await given.open()
    const { size } = await headIn(await checkpoint())
    expect(size).toBe((await recordsOf()).length)
    await given.reopen()
    expect((await headIn(await checkpoint())).size).toBe(size)
  })
})

describe('a store that is put back to what it was', () => {
  const store = () => storePath(given.config.dataDir)
  const copy = () => join(given.home, 'copy.db')
  const head = () => join(given.home, 'head.json')

  /** Before a change, and after it. */
  beforeEach(async () => {
    await checkpoint()
    await given.instance[Symbol.asyncDispose]()
    expect(existsSync(`${store()}-wal`)).toBe(false)
    copyFileSync(store(), copy())
    await given.open()
    await change('a/one')
    await checkpoint()
    await given.instance[Symbol.asyncDispose]()
    copyFileSync(besideTheStore(), head())
    copyFileSync(store(), `${copy()}-now`)
    copyFileSync(copy(), store())
  })
  afterEach(async () => {
    copyFileSync(`${copy()}-now`, store())
    copyFileSync(head(), besideTheStore())
    await given.open()
  })

  it('is not opened: its key has signed more', async () => {
    expect(codeOf(await opening())).toBe('tlog.inconsistent')
  })

  it('is not opened either once it is as long again, of other records', async () => {
    // All of it put back together: nothing here can tell.
    forget()
    await given.open()
    for (const alias of ['a/other', 'a/more']) await change(alias)
    await checkpoint()
    await given.instance[Symbol.asyncDispose]()
    copyFileSync(head(), besideTheStore())
    expect(codeOf(await opening())).toBe('tlog.inconsistent')
  })

  it('is not opened beside a file that is damaged', async () => {
    const whole = readFileSync(head(), 'utf8')
    for (const text of [
      '',
      '{',
      'null',
      whole.replace('1', '2'),
      whole.replace(/"size": \d+/, '"size": -1'),
    ]) {
      writeFileSync(besideTheStore(), text)
      await expect(opening()).rejects.toThrow('is damaged')
    }
  })
})

describe('the checkpoint that is kept', () => {
  const spoil = (sql: string, ...values: readonly unknown[]) =>
    meddle((database) => void database.prepare(sql).run(...values))

  it('is refused where it was not signed by the key of the log, at a start and by verifying', async () => {
    const note = await checkpoint()
    const other = note.replace(/\n\d+\n/, '\n1\n')
    for (const [code, text] of [
      ['tlog.malformed', ''],
      ['tlog.bad-signature', other],
      ['tlog.unknown-log', note.replaceAll('test.example', 'best.example')],
    ] as const) {
      await spoil('UPDATE log_checkpoint SET note = ?', text)
      expect([text, codeOf(await opening())]).toEqual([text, code])
    }
    await spoil('UPDATE log_checkpoint SET note = ?', note)
    await given.open()
    const database = new SqliteDatabase(storePath(given.config.dataDir))
    database.prepare('UPDATE log_checkpoint SET note = ?').run(other)
    database.close()
    expect(codeOf(await operations().verify())).toBe('tlog.bad-signature')
  })

  it('is refused where its row says something else than its note', async () => {
    const before = await checkpoint()
    await change('a/one')
    const after = await checkpoint()
    await spoil('UPDATE log_checkpoint SET note = ?', before)
    expect(codeOf(await opening())).toBe('tlog.inconsistent')
    await spoil('UPDATE log_checkpoint SET note = ?', after)
    await given.open()
  })

  it('is not of a key that was put in the place of the one that signed it', async () => {
    await checkpoint()
    const path = join(given.config.dataDir, 'instance.json')
    const whole = readFileSync(path, 'utf8')
    const { logKey: _, ...rest } = JSON.parse(whole) as { logKey: string; voterKey: string }
    await given.instance[Symbol.asyncDispose]()
    writeFileSync(path, JSON.stringify({ ...rest, logKey: rest.voterKey }))
    expect(codeOf(await opening())).toMatch(/^(?:tlog|namespace)\.unknown-key$/)
    writeFileSync(path, whole)
    await given.open()
  })
})

describe('an instance.json without the key of the log', () => {
  it('is refused beside anything that was signed: no new key is made', async () => {
    await checkpoint()
    const path = join(given.config.dataDir, 'instance.json')
    const whole = readFileSync(path, 'utf8')
    const { logKey: _, ...older } = JSON.parse(whole) as { logKey: string }
    const remembered = readFileSync(besideTheStore())
    const kept = await given.instance.store.index.tree.checkpoint()
    await given.instance[Symbol.asyncDispose]()
    writeFileSync(path, JSON.stringify(older))
    expect(codeOf(await opening())).toBe('tlog.unknown-key')
    forget()
    expect(codeOf(await opening())).toBe('tlog.unknown-key')
    writeFileSync(besideTheStore(), remembered)
    await meddle((database) => void database.exec('DELETE FROM log_checkpoint'))
    expect(codeOf(await opening())).toBe('tlog.unknown-key')
    expect(readFileSync(path, 'utf8')).toBe(JSON.stringify(older))
    writeFileSync(path, whole)
    await given.open()
    expect((await headIn(await checkpoint())).size).toBe(kept!.size)
  })
})

describe('a tree whose root is not that of its tiles', () => {
  it('is not opened, and not signed, until it is made again', async () => {
    const before = await checkpoint()
    await meddle((database) => {
      database.exec("UPDATE log_tree SET root = zeroblob(32), size = size WHERE log = 'index'")
      database.exec('DELETE FROM log_checkpoint')
    })
    forget()
    expect(codeOf(await opening())).toBe('namespace.state-mismatch')
    expect(existsSync(besideTheStore())).toBe(false)
    emptyIndexTables(storePath(given.config.dataDir))
    await given.open()
    expect(await checkpoint()).toBe(before)
  })
})

describe('the state of the namespace', () => {
  const ask = async (table: StateMapTable, name: string) => {
    const text = valueOf(
      parseStateProof(Buffer.from(valueOf(await operations().stateProof(table, name)))),
    )
    const proved = valueOf(verifyStateProof(text, { table, name }, await keyOf(), noWitnesses))
    return { size: proved.checkpoint.size, value: proved.value && Buffer.from(proved.value) }
  }
  const lastRecord = async () => readRecord((await recordsOf()).at(-1)!.bytes) as LogRecord

  it('is proved of each object by the digest that its latest record says', async () => {
    await change('a/one')
    for (const op of ['entry.suspend', 'entry.reactivate', 'entry.retire']) {
      await given.change({ op, alias: 'a/one' })
      const { subject, after } = await lastRecord()
      expect(await ask('entry', subject.uid)).toEqual({
        size: (await recordsOf()).length,
        value: Buffer.from(after, 'hex'),
      })
    }
    const scope = given.instance.index.state.root
    const { value } = await ask('scope', scope.uid)
    const { head: _, ...rest } = scope
    expect(value?.toString('hex')).toBe(sha256Hex(canonicalize(rest)))
  })

  it('is proved of who has an alias, and that nobody has it, before and after', async () => {
    expect((await ask('alias', 'a/one')).value).toBeUndefined()
    await change('a/one')
    const { uid } = (await lastRecord()).subject
    expect((await ask('alias', 'a/one')).value?.toString()).toBe(uid)
    expect((await ask('name', 'spiffe://test.example/a/one')).value?.toString()).toBe(uid)
    await given.change({ op: 'entry.rename', alias: 'a/one', to: 'a/two' })
    expect((await ask('alias', 'a/one')).value).toBeUndefined()
    expect((await ask('alias', 'a/two')).value?.toString()).toBe(uid)
    await given.reopen()
    expect((await ask('alias', 'a/two')).value?.toString()).toBe(uid)
    await given.change({ op: 'entry.retire', alias: 'a/two' })
    expect((await ask('alias', 'a/two')).value).toBeUndefined()
    expect((await ask('name', 'spiffe://test.example/a/two')).value).toBeUndefined()
    expect((await ask('entry', uid)).value).toHaveLength(32)
  })

  it('goes with the log in every checkpoint, and comes out again after a rebuild', async () => {
    await change('a/one')
    const before = await checkpoint()
    const { extensions } = await headIn(before)
    expect(extensions).toEqual([expect.stringMatching(/^state [A-Za-z0-9+/]{43}=$/)])
    await given.instance[Symbol.asyncDispose]()
    emptyIndexTables(storePath(given.config.dataDir))
    await given.open()
    expect(await checkpoint()).toBe(before)
    expect((await ask('alias', 'a/one')).value?.toString()).toMatch(/^e/)
    expect(codeOf(await operations().verify(before))).toBeUndefined()
  })
})

describe('what the index log serves', () => {
  it('are proofs of every record, which hold the record', async () => {
    const key = await keyOf()
    for (const { seq, bytes } of await recordsOf()) {
      const text = valueOf(await operations().logProof(seq))
      const proof = valueOf(parseProof(Buffer.from(text)))
      expect(Buffer.from(proof.extra!)).toEqual(Buffer.from(bytes))
      expect(proof.index).toBe(seq)
      valueOf(verifyProof(proof, leafHash(bytes), key, noWitnesses))
      const other = Buffer.from(bytes)
      other[9]! ^= 1
      expect(codeOf(verifyProof(proof, leafHash(other), key, noWitnesses))).toBe('tlog.bad-proof')
    }
  })

  it('are tiles and records, at every width that the checkpoint covers, and no others', async () => {
    await checkpoint()
    const records = await recordsOf()
    const size = records.length
    for (let width = 1; width <= size; width += 1) {
      const hashes = valueOf(await tile(`tile/0/000.p/${width}`))
      const leaves = records.slice(0, width).map(({ bytes }) => leafHash(bytes))
      expect(Buffer.from(hashes)).toEqual(Buffer.concat(leaves))
      const bundle = valueOf(await tile(`tile/entries/000.p/${width}`))
      const entries = valueOf(decodeBundle(bundle, width))
      expect(entries.map(leafHash)).toEqual(leaves)
    }
    for (const path of [
      `tile/0/000.p/${size + 1}`,
      `tile/entries/000.p/${size + 1}`,
      'tile/0/000',
      'tile/entries/000',
      'tile/0/001.p/1',
      'tile/1/000.p/1',
      'tile/63/000',
      'tile/entries/x999/999',
      'tile/0/x009/x007/x199/x254/x740/991',
    ]) {
      expect([path, codeOf(await tile(path))]).toEqual([path, 'request.not-found'])
    }
    for (const seq of [size, 10 ** 14]) {
      expect(codeOf(await operations().logProof(seq))).toBe('request.not-found')
    }
  })
})

describe('an index log with a hole, or another record, under its tree', () => {
  it.each([
    ['a hole', 'DELETE FROM index_log WHERE seq = 1'],
    ['another record', "UPDATE index_log SET record = x'7b7d' WHERE seq = 1"],
    ['no record after the first', 'DELETE FROM index_log WHERE seq > 0'],
  ])('is not served over %s', async (what, sql) => {
    const { size } = await headIn(await checkpoint())
    const database = new SqliteDatabase(storePath(given.config.dataDir))
    database.exec(sql)
    database.close()
    await expect(operations().logProof(1)).rejects.toThrow('record 1')
    valueOf(await operations().logProof(0))
    valueOf(await tile('tile/entries/000.p/1'))
    if (what === 'another record') return
    await expect(tile(`tile/entries/000.p/${size}`)).rejects.toThrow('no record 1')
    await expect(tile('tile/entries/000.p/2')).rejects.toThrow('no record 1')
  })
})

it('serves records without looking at their envelopes', async () => {
  const { size } = await headIn(await checkpoint())
  const database = new SqliteDatabase(storePath(given.config.dataDir))
  database.exec("UPDATE index_log SET envelopes = 'no JSON'")
  database.close()
  valueOf(await tile(`tile/entries/000.p/${size}`))
  valueOf(await operations().logProof(1))
})

describe('an index log that was cut short, with everything that is made from it', () => {
  it('is not opened beside the checkpoint that was signed of it', async () => {
    await checkpoint()
    await cutShort('')
    expect(codeOf(await opening())).toBe('tlog.inconsistent')
    await meddle((database) => void database.exec('DELETE FROM log_checkpoint'))
    expect(codeOf(await opening())).toBe('tlog.inconsistent')
    // Put back for whoever closes it: without either nothing here can tell.
    forget()
    await given.open()
  })

  it('is found out by a checkpoint that was kept elsewhere, and by nothing else', async () => {
    await change('a/one')
    const kept = await checkpoint()
    await change('a/two')
    expect(codeOf(await operations().verify(kept))).toBeUndefined()
    await cutShort('DELETE FROM log_checkpoint')
    forget()
    await given.open()
    // The last record is gone and the one that was signed is there: nothing is wrong.
    expect(codeOf(await operations().verify(kept))).toBeUndefined()
    await cutShort('DELETE FROM log_checkpoint')
    forget()
    await given.open()
    expect(codeOf(await operations().verify())).toBeUndefined()
    expect(codeOf(await operations().verify(kept))).toBe('tlog.inconsistent')
    // As long again, and of other records.
    await change('a/other')
    expect((await recordsOf()).length).toBe((await headIn(kept)).size)
    expect(codeOf(await operations().verify())).toBeUndefined()
    expect(codeOf(await operations().verify(kept))).toBe('tlog.inconsistent')
  })

  it('is not compared with what is no checkpoint of it', async () => {
    const note = await checkpoint()
    const codes = {
      'tlog.malformed': ['', 'x', note.slice(0, -1), note.replace('\n\n', '\n')],
      'tlog.bad-signature': [note.replace(/\n\d+\n/, '\n1\n')],
      'tlog.unknown-log': [note.replaceAll('test.example', 'best.example')],
    }
    for (const [code, notes] of Object.entries(codes)) {
      for (const other of notes) expect(codeOf(await operations().verify(other))).toBe(code)
    }
  })
})
