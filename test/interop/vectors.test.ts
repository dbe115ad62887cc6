import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unixSeconds } from '../../src/core/time.js'
import { sha256, sha256Hex } from '../../src/core/uid.js'
import { parseIssuanceRecord } from '../../src/namespace/issuance-record.js'
import { policyDigestOf } from '../../src/namespace/policy-digest.js'
import { appendLeaves, emptyRange, rangeRoot } from '../../src/tlog/compact-range.js'
import { decodeBundle } from '../../src/tlog/entry-bundle.js'
import { leafHash, nodeHash } from '../../src/tlog/hash.js'
import { mapKey, mapLeafHash } from '../../src/tlog/map-hash.js'
import { verifyMapProof } from '../../src/tlog/map-proof.js'
import { parseMapProof } from '../../src/tlog/map-proof-text.js'
import { noWitnesses, parsePolicy } from '../../src/tlog/policy.js'
import { parseProof, verifyProof } from '../../src/tlog/proof-text.js'
import { parseStateProof, verifyStateProof } from '../../src/tlog/state-proof-text.js'
import { parseTilePath } from '../../src/tlog/tile.js'
import {
  formatVerifierKey,
  parseVerifierKey,
  type VerifierKey,
} from '../../src/tlog/verifier-key.js'
import { verifyCheckpoint } from '../../src/tlog/verify-checkpoint.js'
import { consistencyHolds, inclusionHolds } from '../../src/tlog/verify-proof.js'
import { addCheckpoint } from '../../src/tlog/witness.js'
import { MemoryWitnessStore } from '../support/memory-witness-store.js'
import { witnessSigner } from '../support/note-signers.js'
import type { Vectors } from './vector-shapes.js'
import { makeVectors } from './vectors.js'

const folder = join(import.meta.dirname, '../../docs/format/vectors')
const FILES = [
  ...['tree', 'tiles', 'checkpoint', 'proof', 'witness', 'map'].map((name) => `tlog-${name}`),
  ...['state-proof', 'issuance'],
]

function load<Name extends keyof Vectors>(name: Name): Vectors[Name] {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Vectors[Name]
}
const unhex = (text: string): Uint8Array => Buffer.from(text, 'hex')
const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')
const refused = { ok: false } as const
function keyOf(vkey: string): VerifierKey {
  const read = parseVerifierKey(vkey)
  if (!read.ok) throw new Error('no key')
  return read.value
}

describe('docs/format/vectors', () => {
  it('are what test/interop/write.ts writes', async () => {
    const made = await makeVectors()
    expect(Object.keys(made).sort()).toEqual([...FILES].sort())
    for (const name of FILES as (keyof Vectors)[]) expect(load(name)).toEqual(made[name])
  })

  const { roots, inclusion, consistency } = load('tlog-tree')
  it.each(roots)('root of $entries.length entries', ({ entries, root }) => {
    const leaves = entries.map((entry) => leafHash(unhex(entry)))
    expect(hex(rangeRoot(appendLeaves(emptyRange(), leaves)))).toBe(root)
  })
  it.each(inclusion)('inclusion: $what', ({ size, root, index, entry, path, good }) => {
    const leaf = leafHash(unhex(entry))
    const head = { size, root: unhex(root) }
    expect(inclusionHolds(head, { index, leaf, path: path.map(unhex) })).toBe(good)
  })
  it.each(consistency)('consistency: $what', (vector) => {
    const first = { size: vector.first, root: unhex(vector.firstRoot) }
    const second = { size: vector.second, root: unhex(vector.secondRoot) }
    expect(consistencyHolds(first, second, vector.proof.map(unhex))).toBe(vector.good)
  })

  const { paths, bundles } = load('tlog-tiles')
  it.each(paths)('path: $path', ({ path, refused, ...place }) => {
    const read = parseTilePath(path)
    const found = read?.kind === 'hashes' ? read.tile : read?.bundle
    expect(found).toEqual(refused ? undefined : place)
  })
  it.each(bundles)('bundle: $what', ({ octets, count, entries }) => {
    const read = decodeBundle(unhex(octets), count)
    expect(read.ok ? read.value.map(hex) : undefined).toEqual(entries)
  })

  it.each(load('tlog-checkpoint'))('checkpoint: $what', ({ log, policy, note, size, root }) => {
    const rules = parsePolicy(Buffer.from(policy))
    const key = parseVerifierKey(log)
    const read =
      rules.ok && key.ok ? verifyCheckpoint(Buffer.from(note), key.value, rules.value) : refused
    const found = read.ok ? { size: read.value.size, root: hex(read.value.root) } : {}
    expect(found).toEqual(size === undefined ? {} : { size, root })
  })
  it.each(load('tlog-proof'))('proof: $what', ({ log, policy, entry, proof, good }) => {
    const rules = parsePolicy(Buffer.from(policy))
    const read = parseProof(Buffer.from(proof))
    if (!rules.ok) throw new Error('no policy')
    const leaf = leafHash(unhex(entry))
    expect(read.ok && verifyProof(read.value, leaf, keyOf(log), rules.value).ok).toBe(good)
  })
  it.each(load('tlog-witness'))('witness: $what', async (vector) => {
    const key = keyOf(vector.log)
    const store = new MemoryWitnessStore()
    const { recorded } = vector
    if (recorded) {
      const head = { size: recorded.size, root: unhex(recorded.root) }
      store.heads.set(key.name, { ...head, at: unixSeconds(1), note: '' })
    }
    const logs = (origin: string) => (origin === key.name ? [key] : undefined)
    const witness = { logs, store, signers: [witnessSigner('w')] }
    const given = await addCheckpoint(witness, Buffer.from(vector.request), unixSeconds(1))
    expect(given.status).toBe(vector.status)
    if (given.status === 409) expect(given.body).toBe(vector.answer)
  })

  const { proofs } = load('tlog-map')
  it.each(proofs)('map: $what', ({ root, table, name, proof, value }) => {
    const read = parseMapProof(Buffer.from(proof))
    const key = mapKey(table, name)
    const found = read.ok ? verifyMapProof(read.value, unhex(root), key) : read
    expect(found.ok ? (found.value ? hex(found.value) : null) : undefined).toBe(value)
  })
})

describe('docs/format/vectors of states and certificates', () => {
  it.each(load('state-proof'))('state: $what', ({ log, policy, table, name, proof, value }) => {
    const rules = parsePolicy(Buffer.from(policy))
    const read = parseStateProof(Buffer.from(proof))
    if (!rules.ok) throw new Error('no policy')
    const asked = { table, name }
    const found = read.ok ? verifyStateProof(read.value, asked, keyOf(log), rules.value) : read
    expect(found.ok ? (found.value.value ? hex(found.value.value) : null) : undefined).toBe(value)
  })

  const { records, policies, proofs } = load('issuance')
  it.each(records)('record: $what', ({ record, leaf }) => {
    const octets = Buffer.from(record)
    expect(parseIssuanceRecord(octets).ok ? hex(leafHash(octets)) : undefined).toBe(leaf)
  })
  it.each(policies)('policy: $what', ({ entry, scopes, digest }) => {
    expect(policyDigestOf(entry as never, scopes as never)).toBe(digest)
  })
  it.each(proofs)('certificate: $what', ({ log, proof, certificate, good }) => {
    const read = parseProof(Buffer.from(proof))
    const { extra } = read.ok ? read.value : {}
    const record = extra && parseIssuanceRecord(extra)
    const isIts = record?.ok === true && record.value.certificate === sha256Hex(unhex(certificate))
    const leaf = leafHash(extra ?? Buffer.of())
    const holds = read.ok && verifyProof(read.value, leaf, keyOf(log), noWitnesses).ok
    expect(isIts && holds).toBe(good)
  })
})

describe('docs/format-tlog.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/format-tlog.md'), 'utf8')

  it('has worked examples that are true', () => {
    const [l0, l1, l2] = [0, 1, 2].map((at) => leafHash(Buffer.from(`entry ${at}`)))
    const n01 = nodeHash(l0!, l1!)
    const { log, note } = load('tlog-checkpoint')[0]!
    const text = note.slice(0, note.lastIndexOf('\n\n') + 1)
    const key = mapKey('alias', 'name 0')
    const value = sha256('value of name 0')
    const wanted = [
      ...[l0!, l1!, l2!, n01, nodeHash(n01, l2!), key, value, mapLeafHash(key, value)].map(hex),
      log,
      `${note}\`\`\``,
      hex(Buffer.from(text)),
      formatVerifierKey(witnessSigner('w1.example').key),
      `\`\`\`\ncosignature/v1\ntime 1700000000\n${text}\`\`\``,
    ]
    expect(wanted.filter((part) => !page.includes(part))).toEqual([])
  })
})

describe('a verifier that shares nothing with Capstan (Python)', () => {
  let copy: string
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'capstan-vectors-'))
    cpSync(folder, copy, { recursive: true })
  })
  afterAll(() => rmSync(copy, { recursive: true }))

  function judge(vectors: string): { readonly judged: number; readonly wrong: readonly string[] } {
    const program = join(import.meta.dirname, 'tlog_verify.py')
    const done = spawnSync('python3', ['-B', program, vectors], { encoding: 'utf8' })
    // Not skipped: without it nobody else has read the formats.
    if (done.error) throw new Error(`this test wants python3 on the PATH: ${done.error.message}`)
    if (done.stdout === '') throw new Error(`python3 tlog_verify.py: ${done.stderr}`)
    return JSON.parse(done.stdout) as ReturnType<typeof judge>
  }

  it('judges every vector as it says', () => {
    const { judged, wrong } = judge(folder)
    expect(wrong).toEqual([])
    const counts = [load('tlog-tree'), load('tlog-tiles')].flatMap((all) =>
      Object.values(all as Record<string, readonly unknown[]>).map(({ length }) => length),
    )
    const lists = [load('tlog-checkpoint'), load('tlog-proof'), load('tlog-witness')]
    const all = [...counts, ...lists.map(({ length }) => length), 2, load('tlog-map').proofs.length]
    expect(judged).toBe(all.reduce((sum, count) => sum + count, 0))
  })

  it('says so when a vector is not what it says', () => {
    const path = join(copy, 'tlog-checkpoint.json')
    const text = readFileSync(path, 'utf8')
    // The first is accepted: with another size of its own it must not be.
    writeFileSync(path, text.replace('"size": 13', '"size": 14'))
    expect(judge(copy).wrong).toEqual(['checkpoint, a quorum'])
  })
})
