import { beforeAll, describe, expect, it } from '@jest/globals'
import { canonicalize } from '../../src/core/canonical-json.js'
import { hours, plus } from '../../src/core/time.js'
import { sha256Hex } from '../../src/core/uid.js'
import { open, preAuthEncoding } from '../../src/namespace/dsse.js'
import { applyRecord, verifyRecord } from '../../src/namespace/fold-record.js'
import { FoldedState } from '../../src/namespace/folded-state.js'
import { genesisRecord } from '../../src/namespace/genesis.js'
import { type Group, soloGroup } from '../../src/namespace/group.js'
import { LiveIndex } from '../../src/namespace/live-index.js'
import { encodeRecord, type LogRecord, recordHash } from '../../src/namespace/log-record.js'
import type { StoredRecord, VoterSigner } from '../../src/namespace/ports.js'
import { canonicalState } from '../../src/namespace/state.js'
import { readGenesis } from '../../src/namespace/statements.js'
import { voterKey } from '../../src/namespace/voter-key.js'
import { T0 } from '../support/fake-clock.js'
import { MemoryIndexStore } from '../support/memory-index-store.js'
import { countedRandom } from '../support/random.js'
import { newVoter } from '../support/voter.js'
import {
  clusterFacts,
  codeOf,
  type GivenIndex,
  givenIndex,
  k8s,
  owner,
  valueOf,
} from './given-index.js'

let given: GivenIndex
let log: readonly StoredRecord[]
let numbers: readonly number[]
/** The state before each record. */
let before: readonly FoldedState[]

/** A log with a record of every operation, of which each kind gives up something. */
beforeAll(async () => {
  given = await givenIndex(
    { op: 'cluster.register', alias: 'prod', cluster: clusterFacts('prod') },
    { op: 'scope.create', alias: 'payments', reason: 'a region of names' },
    { op: 'entry.create', alias: 'payments/api', owner, bindings: [k8s('prod', 'pay', 'api')] },
    { op: 'entry.create', alias: 'shop/web', owner, labels: { tier: '1' } },
  )
  given.issued.until.set(given.entry('payments/api').uid, plus(T0, hours(20)))
  await given.did(
    { op: 'binding.add', alias: 'payments/api', binding: k8s('prod', 'pay', 'worker') },
    { op: 'binding.remove', alias: 'payments/api', binding: 'prod/pay/worker' },
    { op: 'entry.suspend', alias: 'shop/web' },
    { op: 'entry.reactivate', alias: 'shop/web' },
    { op: 'entry.update', alias: 'shop/web', labels: { tier: '2' } },
    { op: 'scope.create', alias: 'idle' },
    { op: 'envelope.set', alias: 'idle', envelope: { maxTtl: 7200 } },
    { op: 'scope.suspend', alias: 'idle' },
    { op: 'cluster.update', alias: 'prod', cluster: clusterFacts('prod', { audience: 'ca' }) },
    { op: 'entry.retire', alias: 'shop/web' },
    { op: 'entry.rename', alias: 'payments/api', to: 'payments/gateway' },
  )
  log = given.store.records
  numbers = log.map(({ seq }) => seq)
  let state = new FoldedState()
  before = log.map((stored) => {
    const found = state
    state = new FoldedState(found)
    applyRecord(state, valueOf(verifyRecord(state, stored)))
    return found
  })
})

const opened = (records: readonly StoredRecord[], voter: VoterSigner = given.deps.voter) =>
  LiveIndex.open({ ...given.deps, voter, store: new MemoryIndexStore(records) })

const codeAfter = async (records: readonly StoredRecord[]): Promise<string> =>
  codeOf(await opened(records))

/** The log with one record replaced. */
const replacing = (seq: number, record: StoredRecord): readonly StoredRecord[] =>
  log.map((stored) => (stored.seq === seq ? record : stored))

/** The log up to and with one record, which is replaced: nothing after it can give it away. */
const endingWith = (record: StoredRecord): readonly StoredRecord[] => [
  ...log.slice(0, record.seq),
  record,
]

/** Replay's answer to a last record, without the replay of what is before it. */
const codeOfLast = (record: StoredRecord): string =>
  codeOf(verifyRecord(before[record.seq]!, record))

const at = (seq: number): StoredRecord => log[seq]!
const last = (): StoredRecord => at(log.length - 1)

function flipped(bytes: Uint8Array, position: number, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[position] = (copy[position] ?? 0) ^ (1 << bit)
  return copy
}

const parsed = (bytes: Uint8Array): Record<string, unknown> =>
  JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, unknown>
const encoded = (value: unknown): Uint8Array => Buffer.from(canonicalize(value), 'utf8')

/** The record with some members changed, written as it would be. */
const rewritten = (stored: StoredRecord, change: Record<string, unknown>): StoredRecord => ({
  ...stored,
  bytes: encoded({ ...parsed(stored.bytes), ...change }),
})

/** Number, chain and per-subject chain made to fit again: what somebody who knows the format does. */
function rechained(records: readonly StoredRecord[]): readonly StoredRecord[] {
  const hashes = new Map<string, string>()
  let chain: string | null = null
  return records.map((stored, seq) => {
    const record = parsed(stored.bytes) as unknown as LogRecord
    const prev = record.prev === null ? null : (hashes.get(record.subject.uid) ?? record.prev)
    const bytes = encodeRecord({ ...record, seq, chain, prev })
    chain = recordHash(bytes)
    hashes.set(record.subject.uid, chain)
    return { ...stored, seq, bytes }
  })
}

describe('replaying an untouched log', () => {
  it('gives the live state, byte for byte, from any store and at any time', async () => {
    const again = valueOf(await opened(log))
    expect(again.state.size).toBe(16)
    expect(canonicalState(again.state)).toBe(canonicalState(given.index.state))
    given.clock.advance(hours(1000))
    expect(canonicalState(valueOf(await opened(log)).state)).toBe(canonicalState(given.index.state))
  })

  it('gives the same log when it is chained again, which shows that chaining is exact', () => {
    expect(rechained(log)).toEqual(log)
  })
})

describe('replaying a log', () => {
  it('refuses a changed bit in every record, whatever follows', async () => {
    for (const seq of numbers) {
      const { bytes } = at(seq)
      for (let position = seq; position < bytes.length; position += 101) {
        const record = { ...at(seq), bytes: flipped(bytes, position, (position + seq) % 8) }
        expect([seq, position, await codeAfter(replacing(seq, record))]).not.toContain('ok')
        expect([seq, position, await codeAfter(endingWith(record))]).not.toContain('ok')
      }
    }
  })

  it('refuses a changed bit in every envelope', async () => {
    for (const seq of numbers) {
      for (const [index, envelope] of at(seq).envelopes.entries()) {
        for (let position = seq; position < envelope.length; position += 211) {
          const spoilt = flipped(envelope, position, (position + seq) % 8)
          const record = { ...at(seq), envelopes: at(seq).envelopes.with(index, spoilt) }
          expect([seq, index, position, await codeAfter(replacing(seq, record))]).not.toContain(
            'ok',
          )
        }
      }
    }
  })

  it('refuses a changed bit at any place of a record that nothing after it covers', () => {
    for (const seq of numbers) {
      const { bytes } = at(seq)
      for (let position = 0; position < bytes.length; position += 1) {
        const record = { ...at(seq), bytes: flipped(bytes, position, (position + seq) % 8) }
        expect([seq, position, codeOfLast(record)]).not.toContain('ok')
      }
    }
  })

  it('refuses a changed bit at any place of an envelope', () => {
    for (const seq of numbers) {
      for (const [index, envelope] of at(seq).envelopes.entries()) {
        for (let position = seq % 3; position < envelope.length; position += 3) {
          const spoilt = flipped(envelope, position, (position + seq) % 8)
          const record = { ...at(seq), envelopes: at(seq).envelopes.with(index, spoilt) }
          expect([seq, index, position, codeOfLast(record)]).not.toContain('ok')
        }
      }
    }
  })

  it('refuses every swap of neighbours, renumbered or not', async () => {
    for (const seq of numbers.slice(1)) {
      const swapped = log.with(seq, at(seq - 1)).with(seq - 1, at(seq))
      expect([seq, await codeAfter(swapped)]).not.toContain('ok')
      const renumbered = swapped.map((stored, index) => ({ ...stored, seq: index }))
      expect([seq, await codeAfter(renumbered)]).not.toContain('ok')
      expect([seq, await codeAfter(rechained(swapped))]).not.toContain('ok')
    }
  })

  it('refuses a log from which any record but the last was dropped, even when chained again (CVE-2022-29173)', async () => {
    for (const seq of numbers.slice(0, -1)) {
      const dropped = log.toSpliced(seq, 1)
      expect([seq, await codeAfter(dropped)]).not.toContain('ok')
      const renumbered = dropped.map((stored, index) => ({ ...stored, seq: index }))
      expect([seq, await codeAfter(renumbered)]).not.toContain('ok')
      expect([seq, await codeAfter(rechained(dropped))]).not.toContain('ok')
    }
  })

  it('refuses a history spliced from two that the same voter wrote', async () => {
    const grown = async (seed: string) => {
      const deps = { ...given.deps, store: new MemoryIndexStore(log), random: countedRandom(seed) }
      const index = valueOf(await LiveIndex.open(deps))
      for (const alias of [`${seed}/first`, `${seed}/second`])
        valueOf(await index.change({ op: 'entry.create', alias, owner }))
      return deps.store.records.slice(log.length)
    }
    const [mine, theirs] = [await grown('mine'), await grown('theirs')]
    expect(await codeAfter(rechained([...log, ...mine]))).toBe('ok')
    expect(await codeAfter(rechained([...log, mine[0]!, theirs[1]!]))).toBe(
      'namespace.bad-signature',
    )
  })

  it('refuses every duplicate, even when chained again', async () => {
    for (const seq of numbers) {
      const doubled = log.toSpliced(seq, 0, at(seq))
      expect([seq, await codeAfter(doubled)]).not.toContain('ok')
      expect([seq, await codeAfter(rechained(doubled))]).not.toContain('ok')
      expect([seq, await codeAfter(rechained([...log, at(seq)]))]).not.toContain('ok')
    }
  })

  it.each<[string, Record<string, unknown>]>([
    ['another time', { ts: T0 + 1 }],
    ['another term', { epoch: 2 }],
    ['nothing ever issued', { issuedUntil: null }],
    ['another end of issuance', { issuedUntil: T0 + 1 }],
    ['another class', { class: 'narrowing' }],
    ['another group', { group: { uid: 's234', rev: 1 } }],
    ['no group', { group: null }],
    ['no subject', { subject: null }],
    ['no votes', { votes: [] }],
    ['no list of votes', { votes: null }],
    ['an unknown member', { note: 'trust me' }],
    ['another version', { v: 2 }],
  ])('refuses a last record that says: %s', async (_, change) => {
    expect(await codeAfter(endingWith(rewritten(last(), change)))).not.toBe('ok')
  })

  it.each<[string, Record<string, unknown>]>([
    ['revision', { rev: 2 }],
    ['class', { class: 'routine' }],
    ['time', { ts: T0 + 1 }],
    ['group', { group: { uid: 's234', rev: 1 } }],
    ['predecessor', { prev: 'aa' }],
  ])('refuses a genesis with another %s', async (_, change) => {
    expect(await codeAfter(endingWith(rewritten(at(0), change)))).not.toBe('ok')
  })

  it('refuses to forget that a name was issued under, in any record that gave one up', async () => {
    for (const seq of numbers) {
      if (!Object.hasOwn(parsed(at(seq).bytes), 'issuedUntil')) continue
      const { issuedUntil: _, ...rest } = parsed(at(seq).bytes)
      for (const changed of [rest, { ...rest, issuedUntil: null }, { ...rest, issuedUntil: 1 }]) {
        if (canonicalize(changed) === canonicalize(parsed(at(seq).bytes))) continue
        const record = { ...at(seq), bytes: encoded(changed) }
        expect([seq, await codeAfter(rechained(replacing(seq, record)))]).not.toContain('ok')
      }
    }
  })
})

describe('replaying signatures', () => {
  interface Sealed {
    readonly payload: string
    readonly payloadType: string
    readonly signatures: readonly { readonly sig: string }[]
  }
  const sealedIn = (envelope: Uint8Array) => parsed(envelope) as unknown as Sealed

  /** The same statement, or another, signed by somebody else. */
  async function resigned(
    envelope: Uint8Array,
    voter: VoterSigner,
    change: (statement: Record<string, unknown>) => unknown = (same) => same,
  ): Promise<Uint8Array> {
    const { payload, payloadType } = sealedIn(envelope)
    const bytes = encoded(change(parsed(Buffer.from(payload, 'base64'))))
    const sig = await voter.sign(preAuthEncoding(payloadType, bytes))
    return encoded({
      payload: Buffer.from(bytes).toString('base64'),
      payloadType,
      signatures: [{ sig: Buffer.from(sig).toString('base64') }],
    })
  }

  const withEnvelope = (stored: StoredRecord, index: number, envelope: Uint8Array) => ({
    ...stored,
    envelopes: stored.envelopes.with(index, envelope),
  })

  it('refuses a statement, whichever, that another key signed', async () => {
    const stranger = newVoter()
    for (const seq of numbers) {
      for (const [index, envelope] of at(seq).envelopes.entries()) {
        const record = withEnvelope(at(seq), index, await resigned(envelope, stranger))
        expect([seq, await codeAfter(endingWith(record))]).toEqual([seq, 'namespace.bad-signature'])
      }
    }
  })

  it('refuses a signature that is another one, doubled, missing or not alone', async () => {
    for (const seq of numbers.slice(1)) {
      const [proposal, vote] = at(seq).envelopes
      const sealed = sealedIn(vote!)
      const [signature] = sealed.signatures
      const [other] = sealedIn(proposal!).signatures
      for (const signatures of [
        [],
        [other],
        [signature, signature],
        [{ ...signature, keyid: 'local' }],
        [null],
        'none',
      ]) {
        const record = withEnvelope(at(seq), 1, encoded({ ...sealed, signatures }))
        expect([seq, await codeAfter(endingWith(record))]).not.toContain('ok')
      }
      const { sig } = signature!
      const spelled = encoded({ ...sealed, signatures: [{ sig: sig.replace(/=+$/, '') }] })
      expect(await codeAfter(endingWith(withEnvelope(at(seq), 1, spelled)))).not.toBe('ok')
    }
  })

  it.each<[string, unknown]>([
    ['null', null],
    ['an array', []],
    ['a string', 'x'],
    ['an envelope with more to say', { payload: '', payloadType: '', signatures: [], x: 1 }],
  ])('refuses %s in the place of an envelope or a record', async (_, value) => {
    expect(await codeAfter(endingWith(withEnvelope(last(), 1, encoded(value))))).toBe(
      'namespace.bad-canonical',
    )
    expect(await codeAfter(endingWith({ ...last(), bytes: encoded(value) }))).toBe(
      'namespace.bad-canonical',
    )
  })

  it('refuses a record without its vote, and one with a vote too many (CVE-2026-49834)', async () => {
    const { envelopes } = last()
    const votes = parsed(last().bytes)['votes'] as string[]
    const without = rewritten({ ...last(), envelopes: envelopes.slice(0, 1) }, { votes: [] })
    expect(await codeAfter(endingWith(without))).toBe('namespace.bad-signature')
    const twice = rewritten(
      { ...last(), envelopes: [...envelopes, envelopes[1]!] },
      { votes: [...votes, ...votes] },
    )
    expect(await codeAfter(endingWith(twice))).toBe('namespace.bad-signature')
  })

  it('refuses the vote for another record, and a proposal in the place of a vote', async () => {
    const votesOf = (seq: number) => parsed(at(seq).bytes)['votes']
    for (const seq of numbers.slice(2)) {
      const stolen = rewritten(withEnvelope(at(seq), 1, at(seq - 1).envelopes[1]!), {
        votes: votesOf(seq - 1),
      })
      expect([seq, await codeAfter(endingWith(stolen))]).toEqual([seq, 'namespace.bad-signature'])
      const confused = rewritten(withEnvelope(at(seq), 1, at(seq).envelopes[0]!), {
        votes: [parsed(at(seq).bytes)['prop']],
      })
      expect(await codeAfter(endingWith(confused))).toBe('namespace.bad-signature')
    }
  })

  it.each<[string, (statement: Record<string, never>) => unknown]>([
    ['a rejection', (vote) => predicate(vote, { decision: 'reject' })],
    ['a vote in another index', (vote) => predicate(vote, { index: 'ab'.repeat(32) })],
    ['a vote in another scope', (vote) => part(vote, 'scope', { uid: `s${'a'.repeat(31)}` })],
    ['a vote of another group of its scope', (vote) => part(vote, 'scope', { rev: 9 })],
    ['a vote on another subject', (vote) => part(vote, 'slot', { id: 'x' })],
    ['a vote on another revision', (vote) => part(vote, 'slot', { rev: 99 })],
    ['a vote of a stranger', (vote) => predicate(vote, { voter: 'stranger' })],
    ['a vote on another log', (vote) => part(vote, 'log', { head: 'ab'.repeat(32) })],
    ['a vote on a log of another size', (vote) => part(vote, 'log', { size: 99 })],
    [
      'a vote about another proposal',
      (vote) => ({ ...vote, subject: [{ name: 'x', digest: { sha256: 'ab'.repeat(32) } }] }),
    ],
    ['a vote at another time', (vote) => predicate(vote, { cast: T0 + 1 })],
    ['a statement that says nothing', () => ({})],
  ])('does not count %s, though the voter signed it (CVE-2026-54787)', async (_, change) => {
    const vote = await resigned(last().envelopes[1]!, given.deps.voter, change as never)
    const { digest } = open(vote)!
    const record = rewritten(withEnvelope(last(), 1, vote), { votes: [digest] })
    expect(await codeAfter(endingWith(record))).toBe('namespace.bad-signature')
  })

  const predicate = (vote: Record<string, object>, change: object) => ({
    ...vote,
    predicate: { ...vote['predicate'], ...change },
  })

  const part = (vote: Record<string, object>, name: string, change: object) => {
    const { [name]: before } = vote['predicate'] as Record<string, object>
    return predicate(vote, { [name]: { ...before, ...change } })
  }

  it('counts the vote that is made again unchanged, which shows that the others differ in one thing', async () => {
    const vote = await resigned(last().envelopes[1]!, given.deps.voter)
    expect(await codeAfter(endingWith(withEnvelope(last(), 1, vote)))).toBe('ok')
  })

  it('refuses a proposal for another index', async () => {
    const foreign = await givenIndex()
    await foreign.did({ op: 'entry.create', alias: 'payments/api', owner })
    const [first, second] = foreign.store.records
    expect(await codeAfter([at(0), second!])).not.toBe('ok')
    expect(await codeAfter(rechained([at(0), second!]))).toBe('namespace.wrong-index')
    expect(codeOf(await opened([first!, second!], foreign.deps.voter))).toBe('ok')
  })

  it('refuses a whole log that somebody else founded and signed', async () => {
    const foreign = await givenIndex()
    await foreign.did({ op: 'entry.create', alias: 'payments/api', owner })
    expect(await codeAfter(foreign.store.records)).toBe('namespace.unknown-key')
  })

  /** A log by somebody who can write the store, founded so that our voter seems to have a vote. */
  describe('founded by a stranger who names our voter (CVE-2026-23992)', () => {
    type Members = Readonly<Record<string, unknown>>
    const ownGroup = (): Group =>
      (parsed(Buffer.from(sealedIn(at(0).envelopes[0]!).payload, 'base64')) as { group: Group })
        .group

    async function foundedBy(stranger: VoterSigner, group: Members): Promise<string> {
      const forged = await resigned(at(0).envelopes[0]!, stranger, (genesis) => ({
        ...genesis,
        group,
      }))
      const { digest } = open(forged)!
      const genesis = readGenesis(open(forged)!)!
      const bytes = encodeRecord(genesisRecord(genesis, digest))
      return codeAfter([{ seq: 0, bytes, envelopes: [forged] }])
    }

    it.each<[string, (own: Group, theirs: Group) => Members]>([
      [
        'as a second voter',
        (own, theirs) => ({
          ...own,
          voters: [...theirs.voters, { ...own.voters[0], id: 'second' }],
        }),
      ],
      [
        'as the first one beside their own',
        (own, theirs) => ({
          ...own,
          voters: [{ ...own.voters[0], id: 'x' }, ...theirs.voters],
        }),
      ],
      [
        'by a second key of their own voter',
        (own, theirs) => ({
          ...own,
          voters: [
            { ...theirs.voters[0], keys: [...theirs.voters[0]!.keys, ...own.voters[0]!.keys] },
          ],
        }),
      ],
    ])('is refused: %s', async (_, groupOf) => {
      const stranger = newVoter()
      const theirs = soloGroup('stranger', voterKey(stranger.publicKey, T0)!)
      expect(await foundedBy(stranger, groupOf(ownGroup(), theirs))).toBe('namespace.bad-canonical')
    })

    it.each<[string, (own: Group) => Members]>([
      ['a threshold of 0', (own) => ({ ...own, threshold: { ...own.threshold, routine: 0 } })],
      [
        'no controllers needed',
        (own) => ({ ...own, minControllers: { ...own.minControllers, routine: 0 } }),
      ],
      ['no voters', (own) => ({ ...own, voters: [] })],
      ['its voter twice', (own) => ({ ...own, voters: [own.voters[0], own.voters[0]] })],
      [
        'its key twice',
        (own) => ({
          ...own,
          voters: [{ ...own.voters[0], keys: [own.voters[0]!.keys[0], own.voters[0]!.keys[0]] }],
        }),
      ],
      [
        'a voter of more weight than the solo one',
        (own) => ({ ...own, voters: [{ ...own.voters[0], weight: 2 }] }),
      ],
      ['a word that it is not solo', (own) => ({ ...own, solo: false })],
      ['a member that nobody reads', (own) => ({ ...own, note: 'x' })],
    ])('is refused though our voter signed it, with %s', async (_, groupOf) => {
      expect(await foundedBy(given.deps.voter, groupOf(ownGroup()))).toBe('namespace.bad-canonical')
    })

    it('is ours when it is not changed, which shows that the others differ in one thing', async () => {
      expect(await foundedBy(given.deps.voter, { ...ownGroup() })).toBe('ok')
    })
  })

  it('refuses a genesis whose group is no group', async () => {
    const [envelope] = at(0).envelopes
    for (const group of [{}, { voters: [{}] }, { voters: [{ keys: [{}] }] }, null]) {
      const forged = await resigned(envelope!, given.deps.voter, (genesis) => ({
        ...genesis,
        group,
      }))
      const { digest } = open(forged)!
      const record = rewritten({ ...at(0), envelopes: [forged] }, { prop: digest })
      expect(await codeAfter(endingWith(record))).toBe('namespace.bad-canonical')
    }
  })

  it('names a statement by the digest of what was signed', () => {
    const { payload, payloadType } = sealedIn(at(1).envelopes[0]!)
    const signed = preAuthEncoding(payloadType, Buffer.from(payload, 'base64'))
    expect(parsed(at(1).bytes)['prop']).toBe(sha256Hex(signed))
  })
})
