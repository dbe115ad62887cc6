import { toIso, type UnixSeconds } from '../../core/time.js'
import type { VerifiedLog } from '../../monitor/verify-log-answer.js'
import type { VerifyOptions } from '../../verify/verify-bundle.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import { Invocation } from '../invocation.js'
import { OperatorApi } from '../operator-api.js'
import { type Outcome, refused } from '../problem.js'
import { askedAgain, latestTimeIn, sentenceOf } from '../proof/question-kinds.js'
import { renderFields } from '../screen/fields.js'
import type { Look } from '../screen/look.js'
import { ProgressLine } from '../screen/progress-line.js'
import type { TextSink, World } from '../world.js'
import { asOfJson, renderAsOf } from './as-of-screen.js'
import { auditQuestionCommands } from './audit-questions.js'
import { authorityCommands } from './authority.js'
import { diffCommand } from './diff.js'
import { exportCommands } from './export.js'
import { impactCommand } from './impact.js'
import { inboxCommand } from './inbox.js'
import { logCommand } from './log.js'
import { permitCommand, whyCommand } from './permit.js'
import { reachCommands } from './reach.js'

const questions: readonly CommandSpec[] = [
  ...[permitCommand, whyCommand, logCommand, diffCommand, impactCommand],
  ...[...reachCommands, ...authorityCommands, ...auditQuestionCommands],
  ...[...exportCommands, inboxCommand],
]

/**
 * The answer that follows from the log in a file: the command that was asked is run again, and what it
 * asks is the index that the log comes to.
 */
export async function answerOfLog(
  call: Invocation,
  pieces: AsyncIterable<Uint8Array>,
  options: VerifyOptions,
): Promise<Outcome<Answer>> {
  const { world } = call
  const line = new ProgressLine(world.stderr)
  const opened = await world
    .openLogAnswer(pieces, options, (progress) => line.show(progress))
    .finally(() => line.end())
  if (!opened.ok) return refused(opened.refusal)
  await using open = opened.value
  const { proved, operator } = open
  const { question } = proved
  const { path, words, options: given } = askedAgain(question)
  const spec = questions.find((one) => one.path === path)
  if (!spec) throw new Error(`no command asks ${path}`)
  const then = worldAt(world, question.at)
  const answered = await spec.run(new Invocation(then, words, given, new OperatorApi(operator)))
  if (!answered.ok) return answered
  const { json, screen, exit } = answered.value
  return answer(
    { question, answer: json, from: [sourceJson(proved, options)] },
    (look) =>
      [
        `${look.paint('green', 'verified')} the answer to: ${sentenceOf(question)}`,
        screen(look).trimEnd(),
        [renderSource(look, proved, options), ...renderEnd(look, proved)].join('\n'),
      ].join('\n\n'),
    exit,
  )
}

/** In the second of the question, and silent: what is to be said of it is the answer. */
function worldAt(world: World, at: UnixSeconds): World {
  const silent: TextSink = { write: () => undefined, isTTY: false }
  const clock: World['clock'] = {
    now: () => at,
    sleepUntil: (until, signal) => world.clock.sleepUntil(until, signal),
  }
  return { ...world, clock, stdout: silent, stderr: silent }
}

const sourceJson = ({ index, origin, size, asOf }: VerifiedLog, options: VerifyOptions) => ({
  index,
  log: origin,
  size,
  ...asOfJson(asOf, options),
})

function renderSource(
  look: Look,
  { origin, size, asOf }: VerifiedLog,
  options: VerifyOptions,
): string {
  const when = renderAsOf(look, asOf, options)
  return renderFields(look, [['from', `${origin}, all of its ${size} records, ${when}`]])
}

/** A log says nothing of the time after its checkpoint, whatever time was asked about. */
function renderEnd(look: Look, { question, asOf }: VerifiedLog): readonly string[] {
  const latest = latestTimeIn(question)
  const end = toIso(asOf.at)
  if (latest === undefined || latest <= end) return []
  return [look.paint('yellow', `what was decided between ${end} and ${latest}, it does not show`)]
}
