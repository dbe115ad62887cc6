import { toIso } from '../../core/time.js'
import { shownAuthority } from '../../namespace/questions/authority.js'
import type { VerifiedCommit } from '../../verify/verified-commit.js'
import { type VerifiedAnswer, verifyAnswer } from '../../verify/verify-answer.js'
import type { VerifiedEntry, VerifyOptions } from '../../verify/verify-bundle.js'
import { answer, type Answer } from '../command.js'
import { exitCode } from '../exit-code.js'
import { JsonReader } from '../json-reader.js'
import { type Outcome, refused } from '../problem.js'
import { type Field, renderFields } from '../screen/fields.js'
import type { Look } from '../screen/look.js'
import { asOfJson, renderAsOf } from './as-of-screen.js'
import { renderAuthority } from './authority.js'
import { commitJson, renderCommit } from './commit-screen.js'
import { renderDecision } from './decision-screen.js'
import { offlineJson } from './permit.js'
import { renderSplitOf, splitJsonOf } from './split-screen.js'

/** The answer that a file proves, as the command that was asked gave it. */
export function provedAnswer(octets: Uint8Array, options: VerifyOptions): Outcome<Answer> {
  const verified = verifyAnswer(octets, options)
  if (!verified.ok) return refused(verified.refusal)
  const found = verified.value
  const shown = shownOf(found)
  const from = found.ask === 'permit' ? [found.caller, found.callee] : [found.entry]
  const json = {
    question: found.question,
    answer: shown.json,
    from: from.map((one) => sourceJson(one, options)),
  }
  return answer(
    json,
    (look) =>
      [
        `${look.paint('green', 'verified')} ${asked(found)}`,
        shown.screen(look),
        renderFields(look, [['from', from.map((one) => renderSource(look, one, options))]]),
      ].join('\n\n'),
    shown.exit,
  )
}

function asked({ question }: VerifiedAnswer): string {
  switch (question.ask) {
    case 'permit':
      return `the answer to: may ${question.caller} call ${question.callee} at ${toIso(question.at)}?`
    case 'log':
      return `the answer to: what was ever decided about ${question.alias}?`
    case 'authority':
      return `the answer to: who may change ${question.alias}${question.op === undefined ? '' : ` (${question.op})`}?`
  }
}

interface Shown {
  readonly json: unknown
  readonly screen: (look: Look) => string
  readonly exit?: Answer['exit']
}

function shownOf(found: VerifiedAnswer): Shown {
  switch (found.ask) {
    case 'permit':
      return permitShown(found)
    case 'log':
      return {
        json: { history: found.commits.map(commitJson) },
        screen: (look) =>
          found.commits
            .map((commit) => renderFields(look, changeFields(look, commit)))
            .join('\n\n'),
      }
    case 'authority': {
      const json = shownAuthority(found.question.alias, found.authority)
      return { json, screen: (look) => renderAuthority(look, new JsonReader(json, 'the answer')) }
    }
  }
}

function permitShown({
  question,
  decision,
  made,
  ...sides
}: Extract<VerifiedAnswer, { readonly ask: 'permit' }>): Shown {
  const { at, caller, callee, port, route } = question
  const known = [sides.caller.entry, sides.callee.entry]
  const json = {
    ...offlineJson(decision),
    caller,
    callee,
    port,
    ...(route !== undefined && { route }),
    at: toIso(at),
    made: made ? commitJson(made) : null,
    split: splitJsonOf(sides.callee, port, known),
  }
  return {
    json,
    screen: (look) =>
      [
        renderDecision(look, new JsonReader(json, 'the answer')),
        ...(made ? [renderFields(look, changeFields(look, made))] : []),
        ...renderSplitOf(look, sides.callee, { port, known }, (split) => changeFields(look, split)),
      ].join('\n\n'),
    exit: decision.allowed ? exitCode.ok : exitCode.denied,
  }
}

/** Who wanted it, why, and by what votes. */
const changeFields = (look: Look, commit: VerifiedCommit): readonly Field[] => [
  ['decided', renderCommit(look, commit)],
  ['proposed by', commit.by],
  ['reason', commit.reason],
  ['ticket', commit.ticket],
]

const sourceJson = (
  { index, origin, size, asOf, entry }: VerifiedEntry,
  options: VerifyOptions,
) => ({
  index,
  log: origin,
  size,
  ...asOfJson(asOf, options),
  entry: { alias: entry.alias, uid: entry.uid, rev: entry.rev },
})

function renderSource(
  look: Look,
  { origin, size, asOf, entry }: VerifiedEntry,
  options: VerifyOptions,
): string {
  const when = renderAsOf(look, asOf, options)
  return `${entry.alias}, revision ${entry.rev}, ${origin}, ${size} records, ${when}`
}
