import { DependencyError } from '../../core/dependency-error.js'
import { unixSeconds } from '../../core/time.js'
import { readRecord } from '../../namespace/log-record.js'
import { parseCheckpoint } from '../../tlog/checkpoint.js'
import { parseNote } from '../../tlog/note.js'
import { fromBase64 } from '../../tlog/note-text.js'
import { formatHeader } from '../../verify/log-answer.js'
import { isLogQuestion, type LogAsk } from '../../verify/log-question.js'
import { answer, type Answer, type CommandSpec, type OptionSpec } from '../command.js'
import { writeInParts } from '../deliver.js'
import type { Invocation } from '../invocation.js'
import { JsonReader } from '../json-reader.js'
import type { OperatorApi } from '../operator-api.js'
import { type Outcome, refused, usage } from '../problem.js'
import { ProgressLine } from '../screen/progress-line.js'
import { askedBy } from './question-kinds.js'

const options: readonly [prove: OptionSpec, out: OptionSpec] = [
  {
    flags: '--prove',
    description:
      'write the log that the answer follows from to --out, for capstan verify on another machine',
  },
  { flags: '-o, --out <file>', description: 'with --prove: the file, written in one step' },
]

/** A command whose answer follows from the whole log, and is proved by it. */
export function provable(spec: CommandSpec, ask: LogAsk): CommandSpec {
  const own = spec.options ?? []
  const [prove, out] = options
  const hasOut = own.some(({ flags }) => flags === out.flags || flags.startsWith('-o,'))
  return {
    ...spec,
    options: [...own, prove, ...(hasOut ? [] : [out])],
    run(call) {
      if (call.has('prove')) return proveByLog(call, ask, spec.run)
      const isMisused = !hasOut && call.text('out') !== undefined
      return isMisused ? Promise.resolve(usage('--out goes with --prove')) : spec.run(call)
    },
  }
}

/**
 * Writes the log and the question into a file; `run` answers it without its proof. What is refused has
 * none.
 */
export async function proveByLog(
  call: Invocation,
  ask: LogAsk,
  run: CommandSpec['run'],
): Promise<Outcome<Answer>> {
  const out = call.text('out')
  if (out === undefined) {
    return usage('this answer follows from the whole log, which is written to a file', {
      wanted: '--prove -o FILE',
    })
  }
  const plain = await call.without('prove', 'out')
  if (!plain.ok) return plain
  const answered = await run(plain.value)
  if (!answered.ok) return answered
  const asked = askedBy(ask, plain.value, new JsonReader(answered.value.json))
  if (!asked.ok) return asked
  const api = await call.operator()
  if (!api.ok) return api
  const line = new ProgressLine(call.world.stderr)
  try {
    const shown = await headOf(api.value)
    if (!shown.ok) return shown
    const { size, checkpoint, index, last } = shown.value
    // Whose clock is behind does not ask about a time before what the answer follows from.
    const at = unixSeconds(Math.max(call.world.clock.now(), last))
    const question = { ...asked.value, ask, at }
    if (!isLogQuestion(question)) {
      return usage('this question does not fit into a file', { wanted: 'shorter texts' })
    }
    const written = await writeInParts(call, out, async (write) => {
      await write(formatHeader({ v: 1, index, checkpoint, question }))
      return writeRecords(api.value, size, async (text, done) => {
        await write(text)
        line.show({ work: 'read the index log', done, total: size })
      })
    })
    if (!written.ok) return written
    return answer({ question, records: size, file: out }, (look) => {
      line.end()
      return `${look.paint('green', 'wrote')} ${out}: the question, and the ${size} records of the log`
    })
  } finally {
    line.end()
  }
}

interface Shown {
  readonly checkpoint: string
  readonly size: number
  /** Index id. */
  readonly index: string
  /** When its last record was made. */
  readonly last: number
}

/** What the first line says of the log; whether it is true, whoever verifies it finds out. */
async function headOf(api: OperatorApi): Promise<Outcome<Shown>> {
  const read = await api.octets('/v1/logs/index/checkpoint', 'text/plain')
  if (!read.ok) return read
  const note = parseNote(read.value)
  if (!note.ok) return refused(note.refusal)
  const checkpoint = parseCheckpoint(note.value.text)
  if (!checkpoint.ok) return refused(checkpoint.refusal)
  const { size } = checkpoint.value
  const ends = []
  for (const seq of [0, Math.max(0, size - 1)]) {
    const page = await api.read(`/v1/logs/index/records/${seq}?limit=1`)
    if (!page.ok) return page
    const [text = ''] = page.value.objects('records').map((one) => one.raw('record'))
    const record = readRecord(fromBase64(text) ?? Buffer.alloc(0))
    if (!record) throw new DependencyError('server', `what it shows as record ${seq} is none`)
    ends.push(record)
  }
  const [first, last] = ends
  return {
    ok: true,
    value: {
      checkpoint: Buffer.from(read.value).toString(),
      size,
      // An index is called by the digest of its genesis.
      index: first?.prop ?? '',
      last: last?.ts ?? 0,
    },
  }
}

/** A line for each of the first records of the log, in base64 as the server shows them. */
async function writeRecords(
  api: OperatorApi,
  size: number,
  write: (text: string, done: number) => Promise<void>,
): Promise<Outcome<undefined>> {
  for (let at = 0; at < size;) {
    const page = await api.read(`/v1/logs/index/records/${at}`)
    if (!page.ok) return page
    const records = page.value.objects('records').slice(0, size - at)
    if (records.length === 0) throw new DependencyError('server', `it shows no record ${at}`)
    at += records.length
    const lines = records.map((one) => [one.raw('record'), ...one.raws('envelopes')].join(' '))
    await write(`${lines.join('\n')}\n`, at)
  }
  return { ok: true, value: undefined }
}
