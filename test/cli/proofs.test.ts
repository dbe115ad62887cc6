import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ok, refuse } from '../../src/core/result.js'
import { logOperations } from '../../src/server/operations/logs.js'
import { leafHash } from '../../src/tlog/hash.js'
import { formatSignatureLine } from '../../src/tlog/note.js'
import { unixSeconds } from '../../src/core/time.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import { cosign, signCheckpoint } from '../../src/tlog/sign-note.js'
import { stateKey, uidValue } from '../../src/namespace/state-map.js'
import { sha256, type Uid } from '../../src/core/uid.js'
import { stateLine } from '../../src/tlog/state-root.js'
import { MemoryStateMap } from '../support/memory-state-map.js'
import { MemoryLogTree } from '../support/memory-log-tree.js'
import { logSigner, witnessSigner } from '../support/note-signers.js'
import { renderPem } from '../../src/core/pem.js'
import type { LedgerEntry } from '../../src/issuance/ports.js'
import { verifyIssuanceLog } from '../../src/issuance/issuance-log.js'
import { issuanceRecordOf } from '../../src/namespace/issuance-record.js'
import { issuanceLogOperations } from '../../src/server/operations/issuance-log.js'
import { api, Issued } from '../issuance/given-issued.js'
import { json, run, ScriptedServer } from './fake-world.js'

const origin = 'acme.example/index'
const signer = logSigner(origin)
const vkey = formatVerifierKey(signer.key)
const records = Array.from({ length: 300 }, (_, seq) => Buffer.from(`{"seq":${seq}}`))

const uid = `e${'a'.repeat(31)}` as Uid

let home = ''
let server: ScriptedServer
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'capstan-proofs-'))
  const map = new MemoryStateMap()
  map.move(300, [
    { key: stateKey('alias', 'shop/web'), value: uidValue(uid) },
    { key: stateKey('alias', 'shop/odd'), value: sha256('no uid') },
    { key: stateKey('entry', uid), value: sha256('its state') },
  ])
  const tree = new MemoryLogTree(() => records, map)
  await tree.catchUp(300)
  const { size, root, state } = await tree.head()
  const extensions = [stateLine(state!)]
  const note = await signCheckpoint({ origin, size, root, extensions }, signer)
  await tree.keepCheckpoint({ size, root, state: state!, note })
  server = new ScriptedServer(
    logOperations(
      {
        name: 'index',
        key: signer.key,
        tree,
        read: (from, limit) =>
          Promise.resolve(
            records.slice(from, from + limit).map((bytes, at) => ({ seq: from + at, bytes })),
          ),
        settled: () => Promise.resolve(),
      },
      { read: () => Promise.resolve([]) },
    ),
  )
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const capstan = (words: readonly string[], with_ = server) =>
  run(words, { server: with_, cwd: home })
const keep = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(home, name), content)
  return name
}
/** Without a server: whoever asks one fails. */
const offline = (words: readonly string[]) =>
  run(words, { cwd: home, operator: () => Promise.reject(new Error('asked a server')) })
const verify = (file: string, ...more: readonly string[]) =>
  offline(['verify-proof', file, '--key', vkey, ...more])

describe('a proof on the command line', () => {
  it('is printed, and verified without a server by whoever has the key', async () => {
    for (const record of [0, 255, 256, 299]) {
      const { out } = await capstan(['index', 'prove', String(record)])
      const screen = await verify(keep('proof.txt', out), '--json')
      expect([screen.exit, json(screen)]).toMatchObject([
        0,
        { origin, record, size: 300, witnesses: [], content: `{"seq":${record}}` },
      ])
      expect((await verify('proof.txt')).out).toContain(`${record} of 300`)
    }
  })

  it('is of one record, whether that is in it or beside it', async () => {
    keep('proof.txt', (await capstan(['index', 'prove', '7'])).out)
    keep('seven', records[7]!)
    keep('eight', records[8]!)
    expect((await verify('proof.txt', '--record', 'seven')).exit).toBe(0)
    const other = await verify('proof.txt', '--record', 'eight', '--json')
    expect(json(other)).toMatchObject({ code: 'tlog.bad-proof' })
    const { out } = await capstan(['index', 'prove', '8'])
    const without = out.replace(/extra .*\n/, '')
    expect(json(await verify(keep('bare', without), '--json'))).toMatchObject({ code: 'cli.usage' })
    expect((await verify('bare', '--record', 'eight')).exit).toBe(0)
  })

  it('does not hold with any character of it changed', async () => {
    const { out } = await capstan(['index', 'prove', '7'])
    for (let at = 0; at < out.length; at += 3) {
      const changed = `${out.slice(0, at)}${out[at] === 'A' ? 'B' : 'A'}${out.slice(at + 1)}`
      const screen = await verify(keep('changed', changed))
      expect([at, screen.exit === 0]).toEqual([at, false])
      expect(screen.exit).not.toBe(1)
    }
  })

  it('is not taken from another log, or without the witnesses of a policy', async () => {
    keep('proof.txt', (await capstan(['index', 'prove', '7'])).out)
    const other = formatVerifierKey(logSigner('other.example/index').key)
    const asked = await offline(['verify-proof', 'proof.txt', '--key', other, '--json'])
    expect(json(asked)).toMatchObject({ code: 'tlog.unknown-log' })
    const witness = formatVerifierKey(witnessSigner('watch.example').key)
    keep('policy', `log ${vkey}\nwitness w ${witness}\nquorum w\n`)
    const policed = await verify('proof.txt', '--policy', 'policy', '--json')
    expect(json(policed)).toMatchObject({ code: 'tlog.no-quorum' })
    keep('none', `log ${vkey}\nquorum none\n`)
    expect((await verify('proof.txt', '--policy', 'none')).exit).toBe(0)
  })

  it('is not taken from a witness of the name of the log', async () => {
    const witness = witnessSigner(origin)
    const { out } = await capstan(['index', 'prove', '7'])
    const lines = out.split('\n')
    const signed = lines.findLastIndex((line) => line.startsWith('\u2014 '))
    const text = `${lines.slice(lines.indexOf(origin), signed - 1).join('\n')}\n`
    const line = formatSignatureLine(await cosign(text, witness, unixSeconds(1_800_000_000)))
    const proof = [...lines.slice(0, signed), line].join('\n')
    const key = formatVerifierKey(witness.key)
    const screen = await offline(['verify-proof', keep('witnessed', proof), '--key', key, '--json'])
    expect(json(screen)).toMatchObject({ code: 'tlog.unknown-key' })
  })

  it.each([
    ['nothing', ''],
    ['no text', Uint8Array.of(0xff, 0xfe, 0x0a, 0x0a, 0x0a)],
    ['line feeds', '\n'.repeat(100_000)],
    ['a proof without a checkpoint', 'c2sp.org/tlog-proof@v1\nextra QQ==\nindex 0\n\n\n'],
    ['too much', 'x'.repeat(1_000_000)],
  ])('is refused where it is %s', async (_, content) => {
    const screen = await verify(keep('proof.txt', content), '--json')
    expect(json(screen)).toMatchObject({ code: 'tlog.malformed' })
  })

  it('is asked for by number, with a key that is one', async () => {
    for (const word of ['-1', '07', '1e3', 'x', '9'.repeat(16)]) {
      expect((await capstan(['index', 'prove', '--', word])).exit).toBe(2)
    }
    expect(server.requests).toEqual([])
    expect((await capstan(['index', 'prove', '300'])).exit).toBe(4)
    const screen = await offline(['verify-proof', 'x', '--key', 'x', '--json'])
    expect(json(screen)).toMatchObject({ code: 'tlog.malformed' })
  })
})

describe('a proof of the state on the command line', () => {
  const about = (row: string, file = 'state.txt') => verify(file, '--about', row, '--json')
  const asked = async (table: string, name: string) =>
    keep('state.txt', (await capstan(['index', 'state', table, name])).out)

  it('says who has a name, that nobody has it, and what the state of an object is', async () => {
    await asked('alias', 'shop/web')
    const origins = { origin, size: 300, witnesses: [] }
    const present = await about('alias shop/web')
    expect([present.exit, json(present)]).toMatchObject([
      0,
      { ...origins, table: 'alias', name: 'shop/web', present: true, uid, digest: null },
    ])
    expect((await verify('state.txt', '--about', 'alias shop/web')).out).toContain(uid)
    await asked('alias', 'shop/nobody')
    const absent = await about('alias shop/nobody')
    expect([absent.exit, json(absent)]).toMatchObject([0, { present: false, uid: null }])
    await asked('entry', uid)
    const digest = Buffer.from(sha256('its state')).toString('hex')
    expect(json(await about(`entry ${uid}`))).toMatchObject({ present: true, uid: null, digest })
  })

  it('is of the row that is asked about, and of no other', async () => {
    await asked('alias', 'shop/nobody')
    for (const row of ['alias shop/web', 'name shop/nobody', 'entry shop/nobody']) {
      expect(json(await about(row))).toMatchObject({ code: 'tlog.bad-proof' })
    }
    // Its second line changed to the one that is asked about: the hashes are of another key.
    const text = (await capstan(['index', 'state', 'alias', 'shop/web'])).out
    keep('state.txt', text.replace('alias shop/web', 'alias shop/odd'))
    expect(json(await about('alias shop/odd'))).toMatchObject({ code: 'tlog.bad-proof' })
    keep('state.txt', text)
    for (const row of [[], ['--about', 'shop/web'], ['--about', 'alias  shop/web']]) {
      expect((await verify('state.txt', ...row)).exit).toBe(2)
    }
    keep('proof.txt', (await capstan(['index', 'prove', '7'])).out)
    expect((await about('alias shop/web', 'proof.txt')).exit).toBe(2)
  })

  it('does not hold with any character of it changed', async () => {
    const { out } = await capstan(['index', 'state', 'alias', 'shop/web'])
    for (let at = 0; at < out.length; at += 3) {
      const changed = `${out.slice(0, at)}${out[at] === 'A' ? 'B' : 'A'}${out.slice(at + 1)}`
      keep('state.txt', changed)
      const screen = await verify('state.txt', '--about', 'alias shop/web')
      expect([at, screen.exit === 0]).toEqual([at, false])
      expect(screen.exit).not.toBe(1)
    }
  })

  it('is not taken where a name leads to what is no uid', async () => {
    await asked('alias', 'shop/odd')
    expect(json(await about('alias shop/odd'))).toMatchObject({ code: 'tlog.bad-proof' })
  })

  it('is asked for by a table that there is, and a name', async () => {
    for (const words of [
      ['aliases', 'a'],
      ['alias', ''],
      ['alias', 'a b'],
      ['alias', 'ä'],
    ]) {
      expect((await capstan(['index', 'state', ...words])).exit).toBe(2)
    }
    expect(server.requests).toEqual([])
  })
})

describe('a checkpoint on the command line', () => {
  it('is printed as it was signed', async () => {
    const { out } = await capstan(['checkpoint'])
    const fields = json(await capstan(['checkpoint', '--json']))
    expect(fields).toMatchObject({ origin, size: 300, note: out })
  })

  it('is what the log is compared with, as it is in the file', async () => {
    const asked: (string | undefined)[] = []
    const scripted = new ScriptedServer({
      verify: (from) => {
        asked.push(from)
        return Promise.resolve(
          from === undefined
            ? ok({ records: 4, head: 'ab'.repeat(32), root: 'cg==', ok: true })
            : refuse('tlog.inconsistent', 'it was cut short'),
        )
      },
    })
    expect((await capstan(['index', 'verify'], scripted)).exit).toBe(0)
    keep('checkpoint.txt', 'a note\n')
    const screen = await capstan(
      ['index', 'verify', '--from', 'checkpoint.txt', '--json'],
      scripted,
    )
    expect([screen.exit, json(screen)]).toMatchObject([3, { code: 'tlog.inconsistent' }])
    expect(asked).toEqual([undefined, 'a note\n'])
    for (const content of ['', Uint8Array.of(0xff), 'x'.repeat(50_001)]) {
      keep('checkpoint.txt', content)
      const none = await capstan(['index', 'verify', '--from', 'checkpoint.txt'], scripted)
      expect(none.exit).toBe(2)
    }
    expect(asked).toHaveLength(2)
  })
})

describe('a proof of a certificate on the command line', () => {
  const key = logSigner('acme.example/issuance')
  const issuanceKey = formatVerifierKey(key.key)
  let mine: Issued
  let entry: LedgerEntry
  let other: LedgerEntry
  let issuing: ScriptedServer

  beforeEach(async () => {
    mine = await Issued.open()
    entry = await mine.recorded({ binding: null })
    other = await mine.recorded({ entry: api, binding: null })
    const { tree } = mine.store.issuanceLog
    const head = await tree.head()
    const checkpoint = { origin: key.key.name, ...head, extensions: [] }
    await tree.keepCheckpoint({ ...head, note: await signCheckpoint(checkpoint, key) })
    issuing = new ScriptedServer(
      issuanceLogOperations({
        log: {
          ...{ name: 'issuance', key: key.key, tree, settled: () => Promise.resolve() },
          read: (from, limit) => mine.store.issuanceLog.read(from, limit),
        },
        issued: mine.store.issuanceLog,
        ledger: mine.ledger,
        longWork: { pace: () => undefined, end: () => undefined },
        verify: (pace, from) =>
          verifyIssuanceLog(mine.store.issuanceLog, { key: key.key }, pace, from),
      }),
    )
    keep('cert.der', entry.certificate)
    keep('cert.pem', renderPem('CERTIFICATE', entry.certificate))
    keep('other.pem', renderPem('CERTIFICATE', other.certificate))
  })

  const verified = (file: string, ...more: readonly string[]) =>
    offline(['verify-proof', file, '--key', issuanceKey, ...more, '--json'])

  it('is printed for a serial number or a file, and verified with the certificate', async () => {
    const { out } = await capstan(['cert', 'prove', entry.serial], issuing)
    for (const word of ['cert.der', 'cert.pem', entry.serial.toUpperCase()]) {
      expect((await capstan(['cert', 'prove', word], issuing)).out).toBe(out)
    }
    const asked = json(await capstan(['cert', 'prove', 'cert.pem', '--json'], issuing))
    expect(asked).toEqual({ serial: entry.serial, proof: out })
    keep('proof.txt', out)
    for (const file of ['cert.der', 'cert.pem']) {
      const screen = await verified('proof.txt', '--certificate', file)
      expect([screen.exit, json(screen)]).toMatchObject([
        0,
        { origin: 'acme.example/issuance', record: 0, size: 2, serial: entry.serial },
      ])
    }
    expect((await verified('proof.txt')).exit).toBe(0)
  })

  it('is of no other certificate, and of no record that was changed', async () => {
    const { out } = await capstan(['cert', 'prove', entry.serial], issuing)
    keep('proof.txt', out)
    const strange = await verified('proof.txt', '--certificate', 'other.pem')
    expect(json(strange)).toMatchObject({ code: 'tlog.bad-proof' })
    // Its record in the place of the one that the log has.
    const record = Buffer.from(issuanceRecordOf(other)).toString('base64')
    keep('changed.txt', out.replace(/^extra .*$/m, `extra ${record}`))
    const changed = await verified('changed.txt', '--certificate', 'other.pem')
    expect(json(changed)).toMatchObject({ code: 'tlog.bad-proof' })
    keep('none', 'no certificate')
    const none = await verified('proof.txt', '--certificate', 'none')
    expect(json(none)).toMatchObject({ code: 'cli.usage' })
  })

  it('is not taken from the index log, whose records are no certificates', async () => {
    keep('proof.txt', (await capstan(['index', 'prove', '7'])).out)
    const screen = await verify('proof.txt', '--certificate', 'cert.pem', '--json')
    expect(json(screen)).toMatchObject({ code: 'tlog.malformed' })
  })

  it('is asked for by what holds a serial number of ours', async () => {
    keep('none', 'no certificate')
    keep('half', entry.certificate.subarray(0, 40))
    for (const word of ['none', 'half', 'absent']) {
      expect((await capstan(['cert', 'prove', word], issuing)).exit).toBe(2)
    }
    expect(issuing.requests).toEqual([])
    const unknown = await capstan(['cert', 'prove', '4f'.repeat(16), '--json'], issuing)
    expect(json(unknown)).toMatchObject({ code: 'request.not-found' })
  })

  it('is there in a second where no checkpoint covers it yet, and nobody here signs one', async () => {
    const { serial } = await mine.recorded({ binding: null })
    const screen = await capstan(['cert', 'prove', serial, '--json'], issuing)
    expect([screen.exit, json(screen)]).toMatchObject([
      4,
      { code: 'request.not-found', next: expect.stringContaining('try again in a second') },
    ])
  })

  it('is of a ledger that is compared with the log', async () => {
    const done = await capstan(['cert', 'verify-log', '--json'], issuing)
    expect(json(done)).toMatchObject({ size: 2, compared: 2, before: 0, ok: true })
    expect((await capstan(['cert', 'verify-log'], issuing)).out).toContain('2 certificates')
  })

  it('is of a log that goes on from a checkpoint of it that was kept elsewhere', async () => {
    const from = async (note: string, ...more: readonly string[]) => {
      keep('kept.txt', note)
      const words = ['cert', 'verify-log', '--from', 'kept.txt', ...more]
      const { exit } = await capstan([...words, '--json'], issuing)
      return exit
    }
    const signed = async (size: number, root: Uint8Array, signer = key) =>
      signCheckpoint({ origin: signer.key.name, size, root, extensions: [] }, signer)
    const { out } = await capstan(['checkpoint', '--log', 'issuance'], issuing)
    expect(await from(out)).toBe(0)
    expect(await from(out, '--key', issuanceKey)).toBe(0)
    const words = ['cert', 'verify-log', '--from', 'kept.txt']
    expect((await capstan(words, issuing)).out).toContain('goes on from the checkpoint')
    const { root } = await mine.store.issuanceLog.tree.head()
    const first = leafHash(issuanceRecordOf(entry))
    expect(await from(await signed(1, first))).toBe(0)
    expect(await from(await signed(1, root))).toBe(3)
    expect(await from(await signed(3, root))).toBe(3)
    expect(await from(await signed(2, root, logSigner('acme.example/index')))).not.toBe(0)
    expect(await from('no checkpoint')).not.toBe(0)
    expect(await from(out, '--key', vkey)).not.toBe(0)
    expect((await capstan(['cert', 'verify-log', '--key', issuanceKey], issuing)).exit).toBe(2)
  })

  it('has its checkpoint beside that of the index log', async () => {
    const { out } = await capstan(['checkpoint', '--log', 'issuance'], issuing)
    const fields = json(await capstan(['checkpoint', '--log', 'issuance', '--json'], issuing))
    expect(fields).toMatchObject({
      ...{ origin: 'acme.example/issuance', size: 2, state: null, note: out },
    })
    expect((await capstan(['checkpoint', '--log', 'both'], issuing)).exit).toBe(2)
  })
})
