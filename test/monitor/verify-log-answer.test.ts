import { beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { hours, minus, minutes, plus, seconds, unixSeconds } from '../../src/core/time.js'
import { LiveIndex } from '../../src/namespace/live-index.js'
import type { StoredRecord } from '../../src/namespace/ports.js'
import { policyOfKeys } from '../../src/tlog/policy.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import { verifyAnswer } from '../../src/verify/library.js'
import { givenServices } from '../interop/given-services.js'
import type { GivenGroup } from '../namespace/given-group.js'
import { codeOf, owner, valueOf } from '../namespace/given-index.js'
import { MemoryIndexStore } from '../support/memory-index-store.js'
import { logSigner, witnessSigner } from '../support/note-signers.js'
import { LOG } from '../verify/given-bundle.js'
import { cosigned, noteOf } from './forged.js'
import { logAnswer, type Made, verified } from './given-log-answer.js'

let given: GivenGroup

beforeAll(async () => {
  given = await givenServices()
})

const records = (): readonly StoredRecord[] => given.store.records
const octetsOf = (of: readonly StoredRecord[]): readonly Uint8Array[] =>
  of.map(({ bytes }) => bytes)
const codeFor = async (made: Partial<Made>): Promise<string> =>
  codeOf(await verified(given, await logAnswer(given, made)))
/** The file with its text changed. */
const codeOfEdited = async (edit: (text: string) => string): Promise<string> => {
  const text = (await logAnswer(given)).toString('latin1')
  const edited = edit(text)
  expect(edited).not.toBe(text)
  return codeOf(await verified(given, Buffer.from(edited, 'latin1')))
}
/** Its lines: the header, and one for each record. */
const codeOfLines = (edit: (lines: string[]) => readonly string[]): Promise<string> =>
  codeOfEdited((text) => `${edit(text.slice(0, -1).split('\n')).join('\n')}\n`)
/** One record said otherwise. */
const rewritten = (at: number, from: string | RegExp, to: string): readonly StoredRecord[] =>
  records().map((record, seq) => {
    if (seq !== at) return record
    const text = Buffer.from(record.bytes).toString()
    expect(text.replace(from, to)).not.toBe(text)
    return { ...record, bytes: Buffer.from(text.replace(from, to)) }
  })

describe('an answer with its log', () => {
  it('is of what its checkpoint signs', async () => {
    const found = valueOf(await verified(given, await logAnswer(given)))
    expect(found).toMatchObject({
      question: { ask: 'inbox' },
      index: given.index.state.index,
      origin: LOG.key.name,
      size: records().length,
      asOf: { by: 'log', at: given.index.state.at },
    })
  })

  it('is the same in whatever pieces it comes', async () => {
    const file = await logAnswer(given)
    const cuts = fc.array(fc.nat({ max: file.length }), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(cuts, async (at) => {
        const ends = [0, ...at.toSorted((a, b) => a - b), file.length]
        const pieces = ends.slice(1).map((end, n) => file.subarray(ends[n], end))
        expect(codeOf(await verified(given, pieces))).toBe('ok')
      }),
      { numRuns: 10 },
    )
  })

  it('has the cosignatures that are wanted, and their time', async () => {
    const witness = witnessSigner('witness.example/w')
    const policy = valueOf(policyOfKeys([formatVerifierKey(witness.key)], 1))
    const plain = await logAnswer(given)
    expect(codeOf(await verified(given, plain, { policy }))).toBe('tlog.no-quorum')
    const bare = await noteOf(LOG, octetsOf(records()), given.store.map.root.hash)
    const seen = plus(given.clock.now(), minutes(5))
    const file = await logAnswer(given, { note: await cosigned(bare, witness, seen) })
    const now = plus(seen, minutes(30))
    const found = await verified(given, file, { policy, now, maxAge: hours(1) })
    expect(valueOf(found).asOf).toEqual({ by: 'witnesses', at: seen })
    const late = { policy, now: plus(seen, hours(2)), maxAge: hours(1) }
    expect(codeOf(await verified(given, file, late))).toBe('bundle.stale')
  })
})

describe('attack 158: a log in a file that is not the one that was signed', () => {
  it('a record that is said otherwise is of another root', async () => {
    const note = await noteOf(LOG, octetsOf(records()), given.store.map.root.hash)
    const edited = rewritten(3, /"ts":\d+/, '"ts":1')
    expect(await codeFor({ records: edited, note })).toBe('bundle.not-proved')
    expect(await codeOfLines(([header, a, b, ...more]) => [header!, b!, a!, ...more])).toBe(
      'bundle.not-proved',
    )
  })

  it('another history that comes to the same state is of another root', async () => {
    const [mine, others] = [await givenServices(), new MemoryIndexStore()]
    others.records = mine.store.records
    const theirs = valueOf(await LiveIndex.open({ ...mine.deps, store: others }))
    // What waits for votes is in the log, and in no row of the state map.
    await mine.proposed({ op: 'entry.create', alias: 'pay/mine', owner })
    valueOf(await theirs.change({ op: 'entry.create', alias: 'pay/theirs', owner }))
    const state = mine.store.map.root.hash
    expect(others.map.root.hash).toEqual(state)
    const now = { now: mine.clock.now() }
    for (const shown of [mine.store.records, others.records]) {
      expect(codeOf(await verified(mine, await logAnswer(mine, { records: shown }), now))).toBe(
        'ok',
      )
    }
    const note = await noteOf(LOG, octetsOf(mine.store.records), state)
    const swapped = await logAnswer(mine, { records: others.records, note })
    expect(codeOf(await verified(mine, swapped, now))).toBe('bundle.not-proved')
  })

  it('a root that nobody signed, over records of somebody else, is refused', async () => {
    const mallory = logSigner('mallory.example/index')
    const named = { ...mallory, key: { ...mallory.key, name: LOG.key.name } }
    expect(await codeFor({ signer: mallory })).toBe('tlog.unknown-log')
    expect(await codeFor({ signer: named })).toBe('tlog.unknown-key')
    expect(await codeFor({ signer: { ...mallory, key: LOG.key } })).toBe('tlog.bad-signature')
  })

  it('fewer records than were signed, and more, are refused', async () => {
    expect(await codeOfLines((lines) => lines.slice(0, -1))).toBe('bundle.malformed')
    expect(await codeOfLines((lines) => [...lines, lines.at(-1)!])).toBe('bundle.malformed')
    expect(await codeOfLines((lines) => lines.slice(0, 1))).toBe('bundle.malformed')
  })

  it('a signed log whose records do not hold is refused, by whatever its key signs', async () => {
    const last = records().length - 1
    expect(
      await codeFor({ records: rewritten(last, /"class":"\w+"/, '"class":"narrowing"') }),
    ).toBe('bundle.not-proved')
    const voted = records().findLastIndex(({ envelopes }) => envelopes.length === 1)
    const unsigned = records().map((record, seq) => {
      if (seq !== voted) return record
      const [envelope] = record.envelopes.map((octets) => Buffer.from(octets).toString())
      const forged = envelope!.replace(/"sig":".{4}/, '"sig":"AAAA')
      return { ...record, envelopes: [Buffer.from(forged)] }
    })
    expect(await codeFor({ records: unsigned })).toBe('bundle.not-proved')
  })

  it('a signed state that the records do not come to is refused', async () => {
    expect(await codeFor({ state: Buffer.alloc(32, 7) })).toBe('bundle.not-proved')
    expect(await codeFor({ state: 'none' })).toBe('bundle.not-proved')
  })

  it('a log of another index is refused, whatever the first line calls it', async () => {
    const other = await givenServices()
    expect(await codeFor({ index: other.index.state.index })).toBe('bundle.wrong-index')
    const file = await logAnswer(other, { index: given.index.state.index })
    expect(codeOf(await verified(given, file, { now: other.clock.now() }))).toBe(
      'bundle.wrong-index',
    )
  })

  it('an answer of a time before the last record, or to come, is refused', async () => {
    const last = given.index.state.at
    const asked = (at: number) => codeFor({ question: { ask: 'inbox', at: unixSeconds(at) } })
    expect(await asked(last - 1)).toBe('bundle.not-proved')
    expect(await asked(given.clock.now() + 120)).toBe('ok')
    expect(await asked(given.clock.now() + 121)).toBe('bundle.stale')
  })

  it('a log that is ahead of the clock of whoever verifies it is refused', async () => {
    const file = await logAnswer(given)
    const now = minus(given.index.state.at, seconds(121))
    expect(codeOf(await verified(given, file, { now }))).toBe('bundle.stale')
    const old = { now: plus(given.clock.now(), hours(2)), maxAge: hours(1) }
    expect(codeOf(await verified(given, file, old))).toBe('bundle.stale')
  })
})

describe('a file that is no answer with its log', () => {
  it('is one with bundles, and the library says what reads the other', async () => {
    const trust = {
      indexId: given.index.state.index,
      logKey: formatVerifierKey(LOG.key),
      now: new Date(given.clock.now() * 1000),
    }
    const read = verifyAnswer(await logAnswer(given), trust)
    expect(codeOf(read)).toBe('bundle.malformed')
    expect(read.ok || read.refusal.found).toContain('capstan verify')
  })

  const inHeader = (find: string | RegExp, put: string): Promise<string> =>
    codeOfLines(([header, ...lines]) => [header!.replace(find, put), ...lines])
  const question = (text: string): Promise<string> =>
    inHeader(/"question":\{.*\}(?=,"v")/, `"question":${text}`)

  it.each([
    ['nothing', () => ''],
    ['half a line', (text: string) => text.slice(0, -20)],
    ['an empty line', (text: string) => text.replace('\n', '\n\n')],
    ['lines that end as on Windows', (text: string) => text.replaceAll('\n', '\r\n')],
    ['a line beyond measure', (text: string) => `${text}${'A'.repeat(4_194_308)}\n`],
    ['a first line beyond measure', (text: string) => `${'{'.repeat(262_144)}\n${text}`],
    ['base64 of another spelling', (text: string) => text.replace(/=\n/, '\n')],
    ['two spaces', (text: string) => text.replace(/\n(\S+) /, '\n$1  ')],
    [
      'more envelopes than any record names',
      (text: string) => text.replace(/\n(\S+)/, `\n$1${' QQ=='.repeat(70)}`),
    ],
    [
      'an envelope larger than any',
      (text: string) => text.replace(/\n(\S+)/, `\n$1 ${'AAAA'.repeat(22_000)}`),
    ],
  ])('is refused: %s', async (_, edit) => {
    expect(await codeOfEdited(edit)).toBe('bundle.malformed')
  })

  it.each([
    ['white space', /^\{/, '{ '],
    ['a member twice', '"v":1', '"v":1,"v":1'],
    ['__proto__', '"v":1', '"__proto__":{"v":1},"v":1'],
    ['another version', '"v":1', '"v":2'],
    ['a member more', '"v":1', '"v":1,"w":1'],
    ['no index', /"index":"[0-9a-f]+",/, ''],
  ])('is refused for its first line: %s', async (_, find, put) => {
    expect(await inHeader(find, put)).toBe('bundle.malformed')
  })

  it.each([
    '{"ask":"stale","at":1800000000}',
    '{"ask":"__proto__","at":1800000000}',
    '{"ask":"constructor","at":1800000000}',
    '{"ask":"inbox"}',
    '{"ask":"inbox","at":1800000000,"limit":1}',
    '{"alias":"a","ask":"reach","at":1800000000}',
    '{"alias":"a","ask":"reach","at":1800000000,"limit":0}',
    '{"alias":"../a","ask":"reach","at":1800000000,"limit":1}',
    '{"alias":"a","ask":"reach","at":1800000000,"limit":1,"moment":"0"}',
    '{"alias":"a","ask":"reach","at":1800000000,"limit":1,"moment":"2026-13-01T00:00:00Z"}',
    '{"ask":"impact","at":1800000000,"proposal":"pr4kx2"}',
    '{"ask":"exceptions","at":1800000000,"limit":1,"since":"yesterday"}',
    '{"ask":"inbox","at":1800000000,"voter":"ann\\u001b[2J"}',
    '[]',
    'null',
  ])('is refused for its question: %s', async (text) => {
    expect(await question(text)).toBe('bundle.malformed')
  })
})
