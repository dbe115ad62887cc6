import { canonicalize, parseCanonical } from '../core/canonical-json.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { isShapedLike } from '../namespace/change-request.js'
import { MAX_ENVELOPE_BYTES } from '../namespace/dsse.js'
import { MAX_RECORD_BYTES } from '../namespace/log-record.js'
import type { StoredRecord } from '../namespace/ports.js'
import { object } from '../namespace/schema-parts.js'
import { MAX_NOTE_OCTETS } from '../tlog/note.js'
import { fromBase64, toBase64 } from '../tlog/note-text.js'
import { isLogQuestion, type LogQuestion, logQuestionSchema } from './log-question.js'

/** The first line of an answer with its log; the records follow, a line each: docs/format-proof.md. */
export interface LogAnswerHeader {
  readonly v: 1
  /** Index id, hex. */
  readonly index: string
  /** A signed note: of so many records as follow. */
  readonly checkpoint: string
  readonly question: LogQuestion
}

/** A note with its line feeds as JSON writes them, and a question. */
const MAX_HEADER_OCTETS = 262_144
/** A record with as many envelopes as any can name, in base64. */
const MAX_LINE_OCTETS = 4_194_304
/** Beside one record: a proposal, and the votes that it may name. */
const MAX_ENVELOPES = 65

const LINE_FEED = 0x0a

const headerSchema = object(
  {
    v: { const: 1 },
    index: { type: 'string', pattern: '^[0-9a-f]{64}$' },
    checkpoint: { type: 'string', maxLength: MAX_NOTE_OCTETS },
    question: logQuestionSchema,
  },
  ['v', 'index', 'checkpoint', 'question'],
)

type Malformed = Refusal<'bundle.malformed'>

const START = Buffer.from('{"checkpoint":')

/** Octets by which `isLogAnswer` knows one. */
export const LOG_ANSWER_START = START.length

/** Does the file claim to be an answer with its log? */
export const isLogAnswer = (octets: Uint8Array): boolean =>
  Buffer.compare(octets.subarray(0, START.length), START) === 0

/** With its line feed. */
export const formatHeader = (header: LogAnswerHeader): string => `${canonicalize(header)}\n`

/** Reads the one spelling of a first line, without its line feed. Nothing is verified yet. */
export function parseHeader(line: Uint8Array): Result<LogAnswerHeader, Malformed> {
  if (line.length >= MAX_HEADER_OCTETS) return malformed(`a first line of ${line.length} octets`)
  const parsed = parseCanonical(line, MAX_HEADER_OCTETS)
  if (!parsed.ok) return malformed('a first line that is not canonical JSON')
  const { value } = parsed
  const { question } = isObject(value) ? value : {}
  if (!isShapedLike(headerSchema, value) || !isLogQuestion(question)) {
    return malformed('members that no first line has, or a question that nobody can ask')
  }
  return ok(value as unknown as LogAnswerHeader)
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The record and its envelopes in base64, spaces between them, with a line feed. */
export const formatRecordLine = ({
  bytes,
  envelopes,
}: Pick<StoredRecord, 'bytes' | 'envelopes'>): string =>
  `${[bytes, ...envelopes].map(toBase64).join(' ')}\n`

/** Of the record of this number, without the line feed. */
export function parseRecordLine(line: Uint8Array, seq: number): Result<StoredRecord, Malformed> {
  const texts = Buffer.from(line.buffer, line.byteOffset, line.length)
    .toString('latin1')
    .split(' ', MAX_ENVELOPES + 2)
  const [bytes, ...envelopes] = texts.map(fromBase64)
  const isRecord = bytes !== undefined && bytes.length > 0 && bytes.length <= MAX_RECORD_BYTES
  const isWhole = isRecord && envelopes.length <= MAX_ENVELOPES
  const fitting = envelopes.filter(
    (one) => one !== undefined && one.length > 0 && one.length <= MAX_ENVELOPE_BYTES,
  )
  if (!isWhole || fitting.length < envelopes.length) {
    return malformed(`a line that is no record, in the place of record ${seq}`)
  }
  return ok({ seq, bytes, envelopes: fitting as readonly Uint8Array[] })
}

/**
 * The lines of a file that comes in pieces, without their line feeds. A line that is too long, and
 * octets after the last line feed, are refused; nothing comes after that.
 */
export async function* linesOf(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Result<Uint8Array, Malformed>, undefined> {
  let begun: Uint8Array[] = []
  let length = 0
  for await (const piece of pieces) {
    let from = 0
    for (;;) {
      const end = piece.indexOf(LINE_FEED, from)
      const part = piece.subarray(from, end === -1 ? piece.length : end)
      length += part.length
      if (length > MAX_LINE_OCTETS) {
        yield malformed(`a line of more than ${MAX_LINE_OCTETS} octets`)
        return undefined
      }
      begun.push(part)
      if (end === -1) break
      yield ok(Buffer.concat(begun))
      begun = []
      length = 0
      from = end + 1
    }
  }
  if (length > 0) yield malformed('no line feed at the end')
  return undefined
}

export const malformed = (found: string): { readonly ok: false; readonly refusal: Malformed } =>
  refuse('bundle.malformed', 'this is not an answer with its log', {
    wanted: 'lines as docs/format-proof.md says',
    found,
  })
