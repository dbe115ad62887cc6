import { canonicalize, parseCanonical } from '../core/canonical-json.js'
import type { Alias } from '../core/alias.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { UnixSeconds } from '../core/time.js'
import { isShapedLike } from '../namespace/change-request.js'
import type { Operation } from '../namespace/operation.js'
import { classesOf } from '../namespace/questions/authority.js'
import { alias, instantSeconds, object, port, text } from '../namespace/schema-parts.js'
import { type Bundle, MAX_BUNDLE_OCTETS } from './bundle.js'
import { bundleSchema } from './bundle-schema.js'
import { isLogAnswer } from './log-answer.js'

/** What was asked, as the file of an answer says it. */
export type Question =
  | {
      readonly ask: 'permit'
      /** When the call would be made. */
      readonly at: UnixSeconds
      readonly caller: Alias
      readonly callee: Alias
      readonly port: number
      /** `GET /orders/7` */
      readonly route?: string
      /** `name: value`, as they were given. */
      readonly headers?: readonly string[]
    }
  | { readonly ask: 'log'; readonly alias: Alias }
  | { readonly ask: 'authority'; readonly alias: Alias; readonly op?: Operation['op'] }

/** A question, and the bundles that its answer follows from: see docs/format-proof.md. */
export interface ProvedAnswer {
  readonly v: 1
  readonly question: Question
  /** Of `permit` the caller's and the callee's; else the entry's. */
  readonly bundles: readonly Bundle[]
}

/** Two bundles, and what is around them. */
export const MAX_ANSWER_OCTETS = 2 * MAX_BUNDLE_OCTETS + 65_536

const questions = [
  object(
    {
      ask: { const: 'permit' },
      at: instantSeconds,
      caller: alias,
      callee: alias,
      port,
      route: text(4096),
      headers: { type: 'array', minItems: 1, maxItems: 64, items: text(400) },
    },
    ['ask', 'at', 'caller', 'callee', 'port'],
  ),
  object({ ask: { const: 'log' }, alias }, ['ask', 'alias']),
  object({ ask: { const: 'authority' }, alias, op: { enum: Object.keys(classesOf) } }, [
    'ask',
    'alias',
  ]),
]

const answerSchema = object(
  {
    v: { const: 1 },
    question: { oneOf: questions },
    bundles: { type: 'array', minItems: 1, maxItems: 2, items: bundleSchema },
  },
  ['v', 'question', 'bundles'],
)

export const formatAnswer = (answer: ProvedAnswer): Uint8Array =>
  Buffer.from(`${canonicalize(answer)}\n`, 'utf8')

/** Does the file claim to be an answer, and not a bundle? */
export function isAnswer(octets: Uint8Array): boolean {
  const start = Buffer.from('{"bundles":[')
  return Buffer.compare(octets.subarray(0, start.length), start) === 0
}

/** Reads the one spelling of an answer. Nothing is verified yet. */
export function parseAnswer(octets: Uint8Array): Result<ProvedAnswer, Refusal<'bundle.malformed'>> {
  if (isLogAnswer(octets)) return malformed('an answer with its log, which capstan verify reads')
  if (octets.length > MAX_ANSWER_OCTETS) return malformed(`${octets.length} octets`)
  if (octets.at(-1) !== 0x0a) return malformed('no line feed at the end')
  const parsed = parseCanonical(octets.subarray(0, -1), MAX_ANSWER_OCTETS)
  if (!parsed.ok) return malformed('not canonical JSON')
  if (!isShapedLike(answerSchema, parsed.value)) return malformed('members that no answer has')
  return ok(parsed.value as unknown as ProvedAnswer)
}

const malformed = (found: string): Result<never, Refusal<'bundle.malformed'>> =>
  refuse('bundle.malformed', 'this is not an answer with its proof', {
    wanted: `canonical JSON as docs/format-proof.md says, at most ${MAX_ANSWER_OCTETS} octets`,
    found,
  })
