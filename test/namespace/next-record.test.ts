import { beforeAll, describe, expect, it } from '@jest/globals'
import { hours, plus, type Seconds, type UnixSeconds } from '../../src/core/time.js'
import { open, type Opened, type PayloadType, seal } from '../../src/namespace/dsse.js'
import { applyRecord, verifyRecord } from '../../src/namespace/fold-record.js'
import { FoldedState } from '../../src/namespace/folded-state.js'
import { encodeRecord, type LogRecord, readRecord } from '../../src/namespace/log-record.js'
import type { StoredRecord } from '../../src/namespace/ports.js'
import { readVote, type Vote } from '../../src/namespace/statements.js'
import { T0 } from '../support/fake-clock.js'
import { type GivenGroup, givenGroup } from './given-group.js'
import { type GivenIndex, givenIndex, owner, valueOf } from './given-index.js'

let solo: GivenIndex
let group: GivenGroup
let logs: Record<Log, readonly StoredRecord[]>
/** The states before each record. */
let before: Record<Log, readonly FoldedState[]>
type Log = 'solo' | 'group'

beforeAll(async () => {
  // A log of one voter: the genesis, a creation, a change, and a name given up.
  solo = await givenIndex({ op: 'entry.create', alias: 'shop/web', owner })
  solo.issued.until.set(solo.entry('shop/web').uid, plus(T0, hours(2)))
  await solo.did(
    { op: 'entry.suspend', alias: 'shop/web' },
    { op: 'entry.rename', alias: 'shop/web', to: 'shop/api' },
  )
  // And one of three: an entry that they agreed on.
  group = await givenGroup({}, { op: 'scope.create', alias: 'shop' })
  await group.agreed({ op: 'entry.create', alias: 'shop/web', owner })
  logs = { solo: solo.store.records, group: group.store.records }
  before = { solo: statesOf(logs.solo), group: statesOf(logs.group) }
})

function statesOf(records: readonly StoredRecord[]): readonly FoldedState[] {
  let state = new FoldedState()
  return records.map((stored) => {
    const before = state
    state = new FoldedState(before)
    applyRecord(state, valueOf(verifyRecord(before, stored)))
    return before
  })
}

const recordOf = (stored: StoredRecord): LogRecord => readRecord(stored.bytes) as LogRecord
const at = (log: Log, seq: number): StoredRecord => logs[log].at(seq)!
const changed = (stored: StoredRecord, change: object): StoredRecord => ({
  ...stored,
  bytes: encodeRecord({ ...recordOf(stored), ...change }),
})

/** What is said of a record in the place of another. */
function refusalOf(log: Log, seq: number, stored: StoredRecord): string {
  const result = verifyRecord(before[log].at(seq)!, stored)
  return result.ok ? 'ok' : `${result.refusal.code}: ${result.refusal.detail}`
}

const broken = (seq: number, why: string): string =>
  `namespace.bad-canonical: record ${seq} of the index log is broken: ${why}`
const forged = (seq: number, what: string): string =>
  `namespace.bad-signature: record ${seq} of the index log: ${what} is not signed as it must be`

describe('the next record of a log', () => {
  it.each<[string, object, string]>([
    ['of a number that is not its own', { seq: 2 }, 'its number is not the next one'],
    [
      'of another predecessor',
      { chain: 'a'.repeat(64) },
      'it does not follow the record before it',
    ],
    ['of no predecessor', { chain: null }, 'it does not follow the record before it'],
    ['that is a genesis', { kind: 'genesis' }, 'only the first is the genesis'],
    ['of an earlier time', { ts: T0 - 1 }, 'it is older than the record before it'],
    ['of another proposal', { prop: 'a'.repeat(64) }, 'its proposal is not the one it names'],
    ['that says more', { note: 1 }, 'it is not what its proposal comes to'],
    ['of another class', { class: 'narrowing' }, 'it is not what its proposal comes to'],
    ['without votes', { votes: [] }, 'it is not what its proposal comes to'],
    ['of one of several changes', { part: 0 }, 'it is not what its proposal comes to'],
  ])('is none %s', (_, change, why) => {
    expect(refusalOf('solo', 1, changed(at('solo', 1), change))).toBe(broken(1, why))
    expect(refusalOf('solo', 1, at('solo', 1))).toBe('ok')
  })

  it('is not where it does not belong', () => {
    expect(refusalOf('solo', 1, at('solo', 2))).toBe(broken(2, 'its number is not the next one'))
    expect(refusalOf('solo', 2, at('solo', 1))).toBe(broken(1, 'its number is not the next one'))
    const moved = { ...at('solo', 1), seq: 2 }
    expect(refusalOf('solo', 1, moved)).toBe(broken(2, 'its number is not the next one'))
    expect(refusalOf('solo', 2, moved)).toBe(broken(2, 'its number is not the next one'))
  })

  it.each([
    ['evidence', 'namespace.malformed'],
    ['brake', 'namespace.malformed'],
    ['emergency', 'namespace.malformed'],
    ['drill', 'namespace.malformed'],
    ['recovery-start', 'namespace.malformed'],
    ['recovery-cancel', 'namespace.malformed'],
    ['recovery-finish', 'namespace.malformed'],
    ['open', 'namespace.bad-canonical'],
    ['vote', 'namespace.bad-canonical'],
    ['withdrawal', 'namespace.bad-canonical'],
  ])('is not of another kind than its statement: %s', (kind, code) => {
    expect(refusalOf('solo', 1, changed(at('solo', 1), { kind })).split(':')[0]).toBe(code)
  })

  it('is canonical, and so are the envelopes beside it', () => {
    const stored = at('solo', 1)
    const text = Buffer.from(` ${Buffer.from(stored.bytes).toString()}`)
    for (const other of [
      { ...stored, bytes: text },
      { ...stored, envelopes: [text, ...stored.envelopes.slice(1)] },
      { ...stored, envelopes: [...stored.envelopes, text] },
    ]) {
      expect(refusalOf('solo', 1, other)).toBe(broken(1, 'it is not canonical'))
    }
  })

  it('may be of the same time as the one before it', () => {
    expect(recordOf(at('solo', 1)).ts).toBe(recordOf(at('solo', 0)).ts)
  })
})

describe('the first record', () => {
  const genesis = (): StoredRecord => at('solo', 0)

  it('is the genesis, and stands beside its one statement', () => {
    expect(refusalOf('solo', 0, changed(genesis(), { kind: 'commit' }))).toBe(
      broken(0, 'only the first is the genesis'),
    )
    const wrong = broken(0, 'its genesis statement is not the one it names')
    expect(refusalOf('solo', 0, { ...genesis(), envelopes: [] })).toBe(wrong)
    const twice = [...genesis().envelopes, ...genesis().envelopes]
    expect(refusalOf('solo', 0, { ...genesis(), envelopes: twice })).toBe(wrong)
    const [proposal] = at('solo', 1).envelopes
    expect(refusalOf('solo', 0, { ...genesis(), envelopes: [proposal!] })).toBe(wrong)
    expect(refusalOf('solo', 0, changed(genesis(), { prop: 'a'.repeat(64) }))).toBe(wrong)
    expect(refusalOf('solo', 0, changed(genesis(), { rev: 2 }))).toBe(
      broken(0, 'it is not what its genesis statement comes to'),
    )
  })

  it('makes an index of its name', () => {
    const verified = valueOf(verifyRecord(new FoldedState(), genesis()))
    const { index, root } = solo.index.state
    expect(verified.outcome).toMatchObject({ kind: 'genesis', index, root: { uid: root.uid } })
    const state = new FoldedState()
    applyRecord(state, verified)
    expect(state).toMatchObject({ index, size: 1, head: verified.head, at: T0 })
    expect(state.root.head).toBe(verified.head)
  })
})

describe('a change that one voter decided at once', () => {
  /** The same statement with members changed, signed again by the installation. */
  async function signedAgain(envelope: Uint8Array, change: (said: never) => unknown) {
    const opened = open(envelope)!
    const said = JSON.parse(Buffer.from(opened.payload).toString()) as never
    return seal(opened.payloadType as PayloadType, change(said), solo.deps.voter)
  }

  /** A record of a changed proposal, with a vote about it: all fits, but for what the change is. */
  async function proposing(seq: number, change: object, time = recordOf(at('solo', seq)).ts) {
    const stored = at('solo', seq)
    const [first, second] = stored.envelopes
    const proposal = await signedAgain(first!, (said: object) => ({ ...said, ...change }))
    const vote = await signedAgain(second!, (said: Vote) => ({
      ...said,
      subject: [{ name: 'pr', digest: { sha256: proposal.digest } }],
      predicate: { ...said.predicate, cast: time },
    }))
    return {
      ...changed(stored, { prop: proposal.digest, votes: [vote.digest], ts: time }),
      envelopes: [proposal.envelope, vote.envelope],
    }
  }

  it.each<[string, object]>([
    ['a proposer', { author: { kind: 'proposer', id: 'local' } }],
    ['a stranger', { author: { kind: 'voter', id: 'zoe' } }],
  ])('is not proposed by %s', async (_, change) => {
    expect(refusalOf('solo', 2, await proposing(2, change))).toBe(forged(2, 'the proposal'))
  })

  it('is not of an hour that its proposal does not name', async () => {
    const { expires } = JSON.parse(
      Buffer.from(open(at('solo', 2).envelopes[0]!)!.payload).toString(),
    ) as { readonly expires: UnixSeconds }
    const late = plus(expires, 1 as Seconds)
    expect(refusalOf('solo', 2, await proposing(2, {}, late))).toMatch(/^namespace.expired/)
    expect(refusalOf('solo', 2, await proposing(2, {}, expires))).toBe('ok')
  })

  it('has the time of the vote that decides it', async () => {
    const stored = await proposing(2, {}, plus(T0, 60 as Seconds))
    const other = changed(stored, { ts: plus(T0, 61 as Seconds) })
    expect(refusalOf('solo', 2, other)).toBe(forged(2, 'a vote'))
    expect(refusalOf('solo', 2, stored)).toBe('ok')
  })

  it('is voted about', () => {
    const stored = at('solo', 2)
    const bare = { ...changed(stored, { votes: [] }), envelopes: stored.envelopes.slice(0, 1) }
    expect(refusalOf('solo', 2, bare)).toBe(forged(2, 'the decision'))
    const none = { ...stored, envelopes: [] }
    expect(refusalOf('solo', 2, none)).toBe(broken(2, 'its proposal does not wait for anything'))
  })

  it('says until when something was issued, where it gives up a name', () => {
    expect(recordOf(at('solo', 3)).issuedUntil).toBe(plus(T0, hours(2)))
    expect('issuedUntil' in recordOf(at('solo', 2))).toBe(false)
    const other = changed(at('solo', 2), { issuedUntil: null })
    expect(refusalOf('solo', 2, other)).toMatch(/^namespace.bad/)
  })
})

describe('a record about a proposal', () => {
  const last = (kind: string): number =>
    logs.group.findLastIndex((stored) => (recordOf(stored).kind as string) === kind)

  it.each(['open', 'vote'])('stands beside the statement that it names: %s', (kind) => {
    const seq = last(kind)
    const stored = at('group', seq)
    const wrong = broken(seq, 'its statement is not the one it names')
    for (const envelopes of [
      [],
      [...stored.envelopes, ...stored.envelopes],
      at('group', seq - 1).envelopes,
    ]) {
      expect(refusalOf('group', seq, { ...stored, envelopes })).toBe(wrong)
    }
    expect(refusalOf('group', seq, changed(stored, { says: 'a'.repeat(64) }))).toBe(wrong)
    expect(refusalOf('group', seq, changed(stored, { epoch: 2 }))).toBe(
      broken(seq, 'it is not what its statement comes to'),
    )
    expect(refusalOf('group', seq, changed(stored, { prop: 'a'.repeat(64) }))).toBe(
      broken(seq, 'it is not what its statement comes to'),
    )
    expect(refusalOf('group', seq, stored)).toBe('ok')
  })

  it.each([
    ['vote', 'withdrawal', 'this is not a withdrawal'],
    ['vote', 'open', 'this is not a proposal'],
    ['open', 'vote', 'this is not a vote'],
  ])('of a %s is none that says %s', (kind, other, detail) => {
    const seq = last(kind)
    expect(refusalOf('group', seq, changed(at('group', seq), { kind: other }))).toBe(
      `namespace.malformed: ${detail}`,
    )
  })

  it('that takes effect is of a proposal that waits', () => {
    const seq = last('commit')
    const stored = at('group', seq)
    expect(stored.envelopes).toEqual([])
    expect(refusalOf('group', seq, changed(stored, { prop: 'a'.repeat(64) }))).toBe(
      broken(seq, 'its proposal does not wait for anything'),
    )
    for (const change of [
      { votes: [] },
      { part: 0 },
      { issuedUntil: null },
      { class: 'routine' },
    ]) {
      expect(refusalOf('group', seq, changed(stored, change))).toBe(
        broken(seq, 'it is not what its proposal comes to'),
      )
    }
    const { of } = valueOf(verifyRecord(before.group.at(seq)!, stored)).outcome as {
      readonly of?: { readonly digest: string }
    }
    expect(of?.digest).toBe(recordOf(stored).prop)
  })

  it('names those who approved, in the order of their names', () => {
    const { votes } = recordOf(at('group', last('commit')))
    const voters = logs.group
      .flatMap(({ envelopes }) => envelopes.map((envelope) => open(envelope)))
      .filter((one): one is Opened => one !== undefined && votes.includes(one.digest))
      .map((one) => readVote(one)?.predicate.voter)
    expect(voters).toEqual(['ann', 'bob'])
  })
})
