import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { CLOCK_TOLERANCE, plus, type UnixSeconds } from '../core/time.js'
import type { Decision } from '../namespace/permit/decision.js'
import { encodeRecord, recordHash } from '../namespace/log-record.js'
import { type Authority, authorityOver } from '../namespace/questions/authority.js'
import { parseRoute, type RouteRefusal } from '../namespace/rule/route.js'
import { sameHash } from '../tlog/hash.js'
import { parseAnswer, type Question } from './answer.js'
import { type Bundle, formatBundle } from './bundle.js'
import { permitBundles } from './permit-bundles.js'
import { notProved } from './proved.js'
import { stateOf } from './state-of-bundle.js'
import type { VerifiedCommit } from './verified-commit.js'
import {
  type BundleRefusal,
  type VerifiedEntry,
  verifyBundle,
  type VerifyOptions,
} from './verify-bundle.js'

type Asked<K extends Question['ask']> = Extract<Question, { readonly ask: K }>

/** An answer that follows from what was proved; reckoned here, and never read out of the file. */
export type VerifiedAnswer =
  | {
      readonly ask: 'permit'
      readonly question: Asked<'permit'>
      readonly caller: VerifiedEntry
      readonly callee: VerifiedEntry
      readonly decision: Decision
      /** The change that made the rule that allows it; undefined where the bundle does not show it. */
      readonly made: VerifiedCommit | undefined
    }
  | {
      readonly ask: 'log'
      readonly question: Asked<'log'>
      readonly entry: VerifiedEntry
      /** Every change of the entry up to the checkpoint, the first one first. */
      readonly commits: readonly VerifiedCommit[]
    }
  | {
      readonly ask: 'authority'
      readonly question: Asked<'authority'>
      readonly entry: VerifiedEntry
      readonly authority: Authority
    }

export type AnswerRefusal = BundleRefusal | RouteRefusal | Refusal

/**
 * Verifies the bundles of an answer and reckons the answer from them. The question is the file's own:
 * whoever acts on the answer has to look at what was asked.
 */
export function verifyAnswer(
  octets: Uint8Array,
  options: VerifyOptions,
): Result<VerifiedAnswer, AnswerRefusal> {
  const parsed = parseAnswer(octets)
  if (!parsed.ok) return parsed
  const { question, bundles } = parsed.value
  const wanted = question.ask === 'permit' ? 2 : 1
  if (bundles.length !== wanted) return notProved('the answer: it is not of so many bundles')
  const entries: VerifiedEntry[] = []
  for (const bundle of bundles) {
    const verified = verifyBundle(formatBundle(bundle), options)
    if (!verified.ok) return verified
    entries.push(verified.value)
  }
  const [bundle] = bundles
  const [first, second = first] = entries
  if (!bundle || !first || !second) return notProved('the answer')
  switch (question.ask) {
    case 'permit':
      return decided(question, bundles, [first, second], options.now)
    case 'log':
      return told(question, bundle, first)
    case 'authority':
      return authorised(question, first)
  }
}

function decided(
  question: Asked<'permit'>,
  bundles: readonly Bundle[],
  [caller, callee]: readonly [VerifiedEntry, VerifiedEntry],
  now: UnixSeconds,
): Result<VerifiedAnswer, AnswerRefusal> {
  const { at, port, route: text, headers = [] } = question
  if (caller.entry.alias !== question.caller || callee.entry.alias !== question.callee) {
    return notProved('an answer about these two entries')
  }
  // One of them may be from before the other one's entry was what it is.
  if (caller.size !== callee.size || !sameHash(caller.root, callee.root)) {
    return notProved('an answer of one state: its bundles are of two checkpoints')
  }
  // What was in force before its last record, a bundle does not say.
  if (bundles.some(({ last }) => at < last.record.ts)) return notProved('what held at that time')
  if (at > plus(now, CLOCK_TOLERANCE)) {
    return refuse('bundle.stale', 'the answer is of a time that has not come', {
      next: 'set the clock right, or ask again',
    })
  }
  if (text === undefined && headers.length > 0) return notProved('an answer without a route')
  const route = text === undefined ? undefined : parseRoute(text, headers.map(fieldOf))
  if (route?.ok === false) return route
  const asked = { port, now: at, ...(route && { route: route.value }) }
  const decision = permitBundles(caller, callee, asked)
  if (!decision.ok) return decision
  const { uid } = callee.entry
  const rule = decision.value.allowed ? decision.value.rule : undefined
  const made =
    rule && callee.commits.find(({ subject, rev }) => subject.uid === uid && rev === rule.rev)
  return ok({ ask: 'permit', question, caller, callee, decision: decision.value, made })
}

const fieldOf = (text: string): readonly [string, string] => {
  const colon = text.indexOf(':')
  return [text.slice(0, Math.max(0, colon)), text.slice(colon + 1).trim()]
}

/** Revision after revision, each record naming the one before it: none was left out. */
function told(
  question: Asked<'log'>,
  { entry: shown }: Bundle,
  entry: VerifiedEntry,
): Result<VerifiedAnswer, AnswerRefusal> {
  if (entry.entry.alias !== question.alias) return notProved('an answer about this entry')
  let before: string | null = null
  for (const [at, { record }] of shown.commits.entries()) {
    if (record.rev !== at + 1 || record.prev !== before) {
      return notProved(`the whole history of ${question.alias}`)
    }
    before = recordHash(encodeRecord(record))
  }
  const { uid } = entry.entry
  const commits = entry.commits.filter(({ subject }) => subject.uid === uid)
  return ok({ ask: 'log', question, entry, commits })
}

function authorised(
  question: Asked<'authority'>,
  entry: VerifiedEntry,
): Result<VerifiedAnswer, AnswerRefusal> {
  const { alias, op } = question
  if (entry.entry.alias !== alias) return notProved('an answer about this entry')
  const authority = authorityOver(stateOf(entry), alias, op)
  return authority.ok
    ? ok({ ask: 'authority', question, entry, authority: authority.value })
    : authority
}
