import { DependencyError } from '../../core/dependency-error.js'
import { type UnixSeconds, unixSeconds } from '../../core/time.js'
import { readRecord } from '../../namespace/log-record.js'
import { formatHeader, formatRecordLine } from '../../verify/log-answer.js'
import { isLogQuestion, type LogQuestion } from '../../verify/log-question.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import { writeInParts } from '../deliver.js'
import type { Invocation } from '../invocation.js'
import { type Outcome, refused, usage } from '../problem.js'
import { sentenceOf } from '../proof/question-kinds.js'
import { ProgressLine } from '../screen/progress-line.js'
import type { MirroredIndex } from '../world.js'

/** Records that are read together. */
const PAGE = 256
const ALL_CHANGES = '{"ask":"changes","format":"csv","under":""}'

async function exportIndex(call: Invocation): Promise<Outcome<Answer>> {
  const out = call.text('out') ?? ''
  const opened = await call.world.openMirroredIndex(call.path(call.word(0) ?? ''))
  if (!opened.ok) return refused(opened.refusal)
  const { head } = opened.value
  const ends = await endsOf(opened.value)
  // Whose clock is behind does not ask about a time before what the answer follows from.
  const at = unixSeconds(Math.max(call.world.clock.now(), ends.last))
  const question = questionOf(call.text('ask') ?? ALL_CHANGES, at)
  if (!question) {
    return usage('--ask is no question about an index', {
      wanted: `JSON as docs/format-proof.md has it, without at: ${ALL_CHANGES}`,
    })
  }
  const line = new ProgressLine(call.world.stderr)
  const written = await writeInParts(call, out, async (write) => {
    await write(formatHeader({ v: 1, index: ends.index, checkpoint: head.note, question }))
    for (let from = 0; from < head.size;) {
      const records = await opened.value.records(from, PAGE)
      await write(records.map(formatRecordLine).join(''))
      from += records.length
      line.show({ work: 'write the index log', done: from, total: head.size })
    }
    return { ok: true, value: undefined }
  }).finally(() => line.end())
  if (!written.ok) return written
  return answer(
    { question, index: ends.index, records: head.size, file: out },
    (look) =>
      `${look.paint('green', 'wrote')} ${out}: ${sentenceOf(question)}, and the ${head.size} records of the log`,
  )
}

function questionOf(text: string, at: UnixSeconds): LogQuestion | undefined {
  try {
    const question: unknown = { ...(JSON.parse(text) as object), at }
    return isLogQuestion(question) ? question : undefined
  } catch {
    return undefined
  }
}

/** An index is called by the digest of its genesis. */
async function endsOf({
  head,
  records,
}: MirroredIndex): Promise<{ readonly index: string; readonly last: UnixSeconds }> {
  const [first] = await records(0, 1)
  const [last] = await records(head.size - 1, 1)
  const [genesis, end] = [first, last].map((one) => one && readRecord(one.bytes))
  if (!genesis || !end) throw new DependencyError('mirror', 'its index log has no records')
  return { index: genesis.prop, last: end.ts }
}

export const exportMirrorCommand: CommandSpec = {
  path: 'mirror export',
  arguments: '<folder>',
  summary: 'a question and the index log of a mirror in one file, for capstan verify',
  details: [
    'When the server is gone: the file is what `--prove -o FILE` of the question would have written. `capstan verify FILE --index ID` folds the log, compares it with the signed checkpoint, and answers the question from it.',
  ],
  options: [
    { flags: '-o, --out <file>', description: 'the file, written in one step', need: 'required' },
    {
      flags: '--ask <json>',
      description:
        'the question, as docs/format-proof.md has it without its time (default: all changes, as CSV)',
    },
  ],
  examples: [
    'capstan mirror export /srv/mirror -o changes.proof',
    `capstan mirror export /srv/mirror -o web.proof --ask '{"ask":"log","alias":"shop/web"}'`,
  ],
  run: exportIndex,
}
