import { canonicalize } from '../../../src/core/canonical-json.js'
import { hours, plus, type UnixSeconds } from '../../../src/core/time.js'
import { readRecord } from '../../../src/namespace/log-record.js'
import type { StoredRecord } from '../../../src/namespace/ports.js'
import { leafHash } from '../../../src/tlog/hash.js'
import { formatSignatureLine } from '../../../src/tlog/note.js'
import { cosign, signCheckpoint } from '../../../src/tlog/sign-note.js'
import { stateLine } from '../../../src/tlog/state-root.js'
import { formatVerifierKey } from '../../../src/tlog/verifier-key.js'
import { formatRecordLine } from '../../../src/verify/log-answer.js'
import { givenFounded } from '../../namespace/given-index.js'
import { logSigner, witnessSigner } from '../../support/note-signers.js'
import { SeededVoter } from '../../support/seeded-voter.js'
import { treeRoot } from '../../tlog/reference-tree.js'
import { spliced } from '../bundle-vector.js'
import type { OperationVectors } from '../operations/shapes.js'
import { storedOf } from '../operations/stored.js'
import { badQuestions, goodQuestions } from './questions.js'
import type { AnswerTrust, AnswerVector, LogAnswerVectors } from './shapes.js'

const LOG = logSigner('acme.example/index')
const WITNESS = witnessSigner('w1.example')
const POLICY = `witness w1 ${formatVerifierKey(WITNESS.key)}\nquorum w1\n`

/** Of whom a file is, and what it says first. */
interface Header {
  readonly size: number
  readonly note: string
  readonly question: unknown
  readonly index: string
  /** Members beside those that there are. */
  readonly more: object
}

/** Answers with their log: of the first records of `operations.json`. */
export async function makeLogAnswerVectors(given: OperationVectors): Promise<LogAnswerVectors> {
  const log = given.records.map(storedOf)
  const of = (what: string, then = 0): number =>
    given.records.flatMap((one, at) => (one.of === what ? [at + 1] : []))[then]!
  // Up to the group that takes over; and to the first of several changes.
  const [whole, unfinished] = [of('group.set'), of('changes')]
  const at = timeOf(log[whole - 1]!)
  const now = plus(at, hours(1))
  const trust: AnswerTrust = { index: given.index, key: formatVerifierKey(LOG.key), now }
  const ask = { ask: 'inbox', at: now }
  const stateAt = (size: number): string =>
    stateLine(Buffer.from(given.records[size - 1]!.state, 'hex'))
  const noteOf = (
    records: readonly StoredRecord[],
    extensions: readonly string[],
    signer = LOG,
  ): Promise<string> => {
    const root = treeRoot(records.map(({ bytes }) => leafHash(bytes)))
    const { name } = signer.key
    return signCheckpoint({ origin: name, size: records.length, root, extensions }, signer)
  }
  const note = await noteOf(log.slice(0, whole), [stateAt(whole)])
  const file = (records: readonly StoredRecord[], header: Partial<Header> = {}): string => {
    const { question = ask, index = given.index, more = {} } = header
    const checkpoint = header.note ?? note
    const first = canonicalize({ v: 1, index, checkpoint, question, ...more })
    return `${first}\n${records.map(formatRecordLine).join('')}`
  }
  const records = log.slice(0, whole)
  const base = file(records)
  const midway = file(log.slice(0, unfinished), {
    note: await noteOf(log.slice(0, unfinished), [stateAt(unfinished)]),
    question: { ...ask, at: timeOf(log[unfinished - 1]!) },
  })
  const { signer: voter } = new SeededVoter('local')
  const named = await givenFounded({ log: LOG.key, voter }, { op: 'scope.create', alias: 'shop' })
  const own = { index: named.index.state.index, key: undefined }
  const ofNamed = file(named.store.records, {
    index: own.index,
    note: await noteOf(named.store.records, [stateLine(named.store.map.root.hash)]),
    question: { ...ask, at: now },
  })
  const files = { whole: base, unfinished: midway, named: ofNamed }
  const vectors: AnswerVector[] = []
  const add = (
    what: string,
    text: string,
    verdict: Pick<AnswerVector, 'size' | 'refused'>,
    more: Partial<AnswerTrust> = {},
  ): void => {
    const { bundle, ...splice } = spliced(files, text)
    vectors.push({ what, file: bundle, ...splice, trust: { ...trust, ...more }, ...verdict })
  }
  const good = (what: string, text: string, more: Partial<AnswerTrust> = {}): void =>
    add(what, text, { size: whole }, more)
  const bad = (
    what: string,
    refused: string,
    text: string,
    more: Partial<AnswerTrust> = {},
  ): void => add(what, text, { refused }, more)

  good('of the log that its checkpoint signs', base)
  for (const { what, question } of goodQuestions(now)) good(what, file(records, { question }))
  const early = { question: { ...ask, at } }
  good('of the second of the last record', file(records, early))
  good('no older than it may be', base, { maxAge: hours(1) })
  const cosigned = note + formatSignatureLine(await cosign(textOf(note), WITNESS, at))
  add('by the key that its genesis names', ofNamed, { size: named.store.records.length }, own)
  bad('a genesis that names no key, and no key said', 'bundle.no-log-key', base, { key: undefined })
  bad('no genesis, and no key said', 'bundle.no-log-key', `${ofNamed.split('\n')[0]}\n`, own)
  good('with a quorum of witnesses', file(records, { note: cosigned }), { policy: POLICY })

  for (const { what, question } of badQuestions(now)) {
    bad(what, 'bundle.malformed', file(records, { question }))
  }
  bad('another version', 'bundle.malformed', file(records, { more: { v: 2 } }))
  bad('one member more', 'bundle.malformed', file(records, { more: { answer: [] } }))
  bad(
    'a first line in another spelling',
    'bundle.malformed',
    base.replace('{"checkpoint":', '{"checkpoint": '),
  )
  bad('a line feed in the first line', 'bundle.malformed', base.replace(',"index"', ',\n"index"'))
  bad('another index', 'bundle.wrong-index', file(records, { index: 'f'.repeat(64) }))
  bad('an index that is none', 'bundle.malformed', file(records, { index: 'F'.repeat(64) }))

  const other = logSigner('other.example/index')
  const noted = async (...extensions: readonly string[]): Promise<string> =>
    file(records, { note: await noteOf(records, extensions) })
  const state = stateAt(whole)
  bad(
    'a checkpoint of another log',
    'tlog.unknown-log',
    file(records, { note: await noteOf(records, [state], other) }),
  )
  const forged = (note.split('\n').at(-2) ?? '').replace(/.{4}$/, 'AAA=')
  const unsigned = `${textOf(note)}\n${forged}\n`
  bad(
    'a checkpoint that its log has not signed',
    'tlog.bad-signature',
    file(records, { note: unsigned }),
  )
  bad('a checkpoint without a state', 'bundle.not-proved', await noted())
  bad('a checkpoint with two states', 'tlog.malformed', await noted(state, state))
  bad('no witness where one is wanted', 'tlog.no-quorum', base, { policy: POLICY })
  bad('another state', 'bundle.not-proved', await noted(stateAt(whole - 5)))

  const lines = base.slice(0, -1).split('\n')
  const text = (edited: readonly string[]): string => `${edited.join('\n')}\n`
  const line = (seq: number, edit: (line: string) => string): string =>
    text(lines.map((one, number) => (number === seq + 1 ? edit(one) : one)))
  bad('a record less', 'bundle.malformed', text(lines.slice(0, -1)))
  bad('a record more', 'bundle.malformed', text([...lines, lines.at(-1)!]))
  bad('an empty line at the end', 'bundle.malformed', `${base}\n`)
  bad('no line feed at the end', 'bundle.malformed', base.slice(0, -1))
  bad(
    'a carriage return',
    'bundle.malformed',
    line(3, (one) => `${one}\r`),
  )
  bad(
    'two spaces',
    'bundle.malformed',
    line(3, (one) => one.replace(' ', '  ')),
  )
  bad(
    'a space at the end of a line',
    'bundle.malformed',
    line(3, (one) => `${one} `),
  )
  bad(
    'base64 without its padding',
    'bundle.malformed',
    line(0, (one) => one.replace(/=+ /, ' ')),
  )
  bad(
    'base64 in another spelling',
    'bundle.malformed',
    line(5, (one) => otherSpelling(one)),
  )
  bad(
    'a line without a record',
    'bundle.malformed',
    line(3, () => ''),
  )
  bad(
    'two records in each other’s place',
    'bundle.not-proved',
    text(lines.with(3, lines[4]!).with(4, lines[3]!)),
  )
  bad(
    'another record',
    'bundle.not-proved',
    line(7, () => lines[9]!),
  )
  bad('nothing', 'bundle.malformed', '')
  bad('a first line alone', 'bundle.malformed', `${lines[0]!}\n`)

  bad(
    'a question before the last record',
    'bundle.not-proved',
    file(records, { question: { ...ask, at: at - 1 } }),
  )
  bad(
    'a question of a time that has not come',
    'bundle.stale',
    file(records, { question: { ...ask, at: now + 121 } }),
  )
  bad('older than it may be', 'bundle.stale', base, { maxAge: hours(1) - 1 })

  // The key of the log signs these: who only compares with it believes them.
  const lying = async (what: string, lies: readonly StoredRecord[]): Promise<void> =>
    bad(what, 'bundle.not-proved', file(lies, { note: await noteOf(lies, [state]) }))
  const replaced = (seq: number, change: Partial<StoredRecord>): readonly StoredRecord[] =>
    records.map((one) => (one.seq === seq ? { ...one, ...change } : one))
  const last = records.at(-1)!
  await lying(
    'a record that its votes do not carry',
    records.filter(({ seq }) => seq !== whole - 2),
  )
  await lying(
    'a record that says another state after',
    replaced(whole - 1, { bytes: altered(last, { after: 'a'.repeat(64) }) }),
  )
  await lying('a record without an envelope', replaced(whole - 2, { envelopes: [] }))
  await lying('an envelope of another record', replaced(2, { envelopes: records[1]!.envelopes }))
  bad('a log that ends within several changes', 'bundle.not-proved', midway, {
    now: timeOf(log[unfinished - 1]!),
  })
  return { files, vectors }
}

const timeOf = ({ bytes }: StoredRecord): UnixSeconds => readRecord(bytes)!.ts

/** What is signed in a note. */
const textOf = (note: string): string => note.slice(0, note.lastIndexOf('\n\n') + 1)

const altered = ({ bytes }: StoredRecord, change: object): Uint8Array =>
  Buffer.from(canonicalize({ ...(JSON.parse(Buffer.from(bytes).toString()) as object), ...change }))

/** The same octets: bits that the last character has beyond them are set. */
function otherSpelling(line: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  const spelled = line.replace(/([^=])(==?)/, (_, last: string, padding: string) => {
    return `${alphabet[alphabet.indexOf(last) + 1] ?? ''}${padding}`
  })
  if (spelled === line) throw new Error('a line without padding')
  return spelled
}
