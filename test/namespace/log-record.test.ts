import { beforeAll, describe, expect, it } from '@jest/globals'
import type { Alias } from '../../src/core/alias.js'
import { canonicalize } from '../../src/core/canonical-json.js'
import type { Uid } from '../../src/core/uid.js'
import { genesisRecord, makeGenesis, rootScope } from '../../src/namespace/genesis.js'
import {
  commitRecord,
  deliberationRecord,
  encodeRecord,
  isDeliberation,
  type LogRecord,
  MAX_RECORD_BYTES,
  readRecord,
  recordHash,
} from '../../src/namespace/log-record.js'
import type { Scope } from '../../src/namespace/scope.js'
import { objectDigest } from '../../src/namespace/state.js'
import { type Genesis, readGenesis } from '../../src/namespace/statements.js'
import { open } from '../../src/namespace/dsse.js'
import { T0 } from '../support/fake-clock.js'
import { codeOf, type GivenIndex, givenIndex, trustDomain } from './given-index.js'

let given: GivenIndex
let genesis: Genesis

beforeAll(async () => {
  given = await givenIndex()
  genesis = readGenesis(open(given.store.records[0]!.envelopes[0]!)!)!
})

const record = {
  ...{ v: 1, seq: 3, ts: T0, epoch: 1, kind: 'commit', rev: 1, prev: null, chain: 'a'.repeat(64) },
  ...{ subject: { uid: 's1', alias: '' }, prop: 'b'.repeat(64), votes: [], class: 'routine' },
  ...{ group: { uid: 's1', rev: 1 }, before: null, after: 'c'.repeat(64) },
}
const read = (change: Record<string, unknown>): unknown =>
  readRecord(Buffer.from(canonicalize({ ...record, ...change })))

/** 9999-12-31T23:59:59Z. */
const LAST = 253_402_300_799

describe('a line of the log', () => {
  it.each<[string, readonly unknown[], readonly unknown[]]>([
    ['seq', [0, 3, Number.MAX_SAFE_INTEGER], ['3', null, true, []]],
    ['ts', [0, LAST], [-1, LAST + 1, '0', null]],
    ['chain', ['', 'a', null], [0, [], {}]],
    ['prop', ['', 'a'], [null, 0, [], {}]],
    ['subject', [{}, { uid: 's' }], [null, [], 's', 0]],
    ['issuedUntil', [null, 0, LAST], [-1, LAST + 1, '', false]],
  ])('has such %s', (name, fits, others) => {
    expect(fits.filter((value) => read({ [name]: value }) === undefined)).toEqual([])
    expect(others.filter((value) => read({ [name]: value }) !== undefined)).toEqual([])
  })

  it.each(['seq', 'ts', 'kind', 'subject', 'chain', 'prop'])('has a %s', (name) => {
    const { [name]: _left, ...rest } = record as Record<string, unknown>
    expect(readRecord(Buffer.from(canonicalize(rest)))).toBeUndefined()
  })

  it('is of a kind that there is', () => {
    const changing = ['genesis', 'commit', 'evidence', 'brake', 'emergency']
    const recovering = ['recovery-start', 'recovery-cancel', 'recovery-finish']
    const deliberating = ['open', 'vote', 'withdrawal', 'drill']
    for (const kind of [...changing, ...recovering, ...deliberating]) {
      expect(read({ kind })).toBeDefined()
      expect(isDeliberation({ kind } as LogRecord)).toBe(deliberating.includes(kind))
    }
    for (const kind of ['', 'close', 'Commit', null, 1, ['commit']]) {
      expect(read({ kind })).toBeUndefined()
    }
  })

  it.each(['null', '[]', '""', '1', 'true', ''])('is not %j', (text) => {
    expect(readRecord(Buffer.from(text))).toBeUndefined()
  })

  it('is canonical, and not longer than a log entry', () => {
    expect(readRecord(Buffer.from(JSON.stringify({ z: 1, ...record })))).toBeUndefined()
    const spare = MAX_RECORD_BYTES - canonicalize({ ...record, more: '' }).length
    expect(read({ more: 'a'.repeat(spare) })).toBeDefined()
    expect(read({ more: 'a'.repeat(spare + 1) })).toBeUndefined()
    expect(MAX_RECORD_BYTES).toBe(8192)
  })

  it('has the leaf hash of RFC 6962', () => {
    // SHA-256 of one zero octet: the leaf hash of an empty entry.
    expect(recordHash(Buffer.alloc(0))).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    )
  })
})

describe('the record of a change', () => {
  const at = { size: 7, head: 'd'.repeat(64) }
  const rootOf = () => rootScope(genesis, given.index.state.index)
  const commitOf = (root: Scope) => ({
    ...{ at: T0, put: { ...root, rev: 2 }, changeClass: 'sensitive' as const },
    ...{ prop: 'e'.repeat(64), votes: ['f'], group: { uid: root.uid, rev: 1 } },
  })

  it('says what was, what is, and what it follows', () => {
    const root = rootOf()
    const commit = commitOf(root)
    const before = { ...root, head: 'a'.repeat(64) }
    expect(commitRecord(at, { ...commit, before })).toEqual({
      ...{ v: 1, seq: 7, ts: T0, epoch: 1, kind: 'commit', rev: 2, chain: at.head },
      ...{ subject: { uid: root.uid, alias: '' }, class: 'sensitive', prop: commit.prop },
      ...{ prev: before.head, before: objectDigest(before), after: objectDigest(commit.put) },
      ...{ votes: ['f'], group: commit.group },
    })
  })

  it('says of what is created that nothing was', () => {
    const made = commitRecord(at, { ...commitOf(rootOf()), kind: 'brake', before: undefined })
    expect(made).toMatchObject({ kind: 'brake', prev: null, before: null })
    expect('issuedUntil' in made).toBe(false)
    expect('part' in made).toBe(false)
  })

  it('says until when something was issued, where it gives up a name', () => {
    const commit = commitOf(rootOf())
    const released = commitRecord(at, { ...commit, before: undefined, issuedUntil: null })
    expect(released.issuedUntil).toBeNull()
    const later = commitRecord(at, { ...commit, before: undefined, issuedUntil: T0, part: 0 })
    expect([later.issuedUntil, later.part]).toEqual([T0, 0])
  })

  it('of a proposal says what it is about', () => {
    const named = {
      ...{ kind: 'vote' as const, subject: { alias: 'a' as Alias, uid: 's1' as Uid } },
      ...{ prop: 'p', says: 's' },
    }
    expect(deliberationRecord(at, { ...named, at: T0 })).toEqual({
      ...{ v: 1, seq: 7, ts: T0, epoch: 1, chain: at.head },
      ...named,
    })
  })
})

describe('the first record', () => {
  it('follows from its statement', () => {
    const { index, root } = given.index.state
    expect(genesis).toMatchObject({ v: 1, trustDomain, created: T0 })
    expect(genesis.nonce).toMatch(/^[0-9a-f]{32}$/)
    const made = genesisRecord(genesis, index)
    expect(Buffer.from(encodeRecord(made)).equals(given.store.records[0]!.bytes)).toBe(true)
    const scope = rootScope(genesis, index)
    expect(scope).toEqual({
      ...{ kind: 'scope', uid: root.uid, alias: '', state: 'active', rev: 1, head: '' },
      ...{ envelope: genesis.envelope, group: genesis.group, createdAt: T0 },
    })
    expect(made).toEqual({
      ...{ v: 1, seq: 0, ts: T0, epoch: 1, kind: 'genesis', rev: 1, prev: null, chain: null },
      ...{ subject: { uid: root.uid, alias: '' }, prop: index, votes: [], class: 'structural' },
      ...{ group: { uid: root.uid, rev: 1 }, before: null, after: objectDigest(scope) },
    })
  })

  it('is not made with a key that signs everything', async () => {
    const publicKey = Uint8Array.from([1, ...Buffer.alloc(31)])
    const { voter, random } = given.deps
    const made = makeGenesis(
      { voter: { ...voter, publicKey, sign: (bytes) => voter.sign(bytes) }, random },
      { trustDomain, controller: 'platform' },
      T0,
    )
    expect(codeOf(await made)).toBe('namespace.malformed')
  })

  it('begins with one local voter, who decides alone', () => {
    const [voter] = genesis.group.voters
    const each = { narrowing: 1, routine: 1, sensitive: 1, structural: 1, emergency: 1 }
    expect(genesis.group).toEqual({
      ...{ rev: 1, solo: true, threshold: each, minControllers: each },
      voters: [
        { id: 'local', controller: 'platform', keys: voter!.keys, weight: 1, status: 'active' },
      ],
    })
  })
})
