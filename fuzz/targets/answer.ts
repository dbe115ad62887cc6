import { readFileSync } from 'node:fs'
import { type Alias, ROOT } from '../../src/core/alias.js'
import { canonicalize } from '../../src/core/canonical-json.js'
import { unixSeconds } from '../../src/core/time.js'
import { formatAnswer, parseAnswer, type Question } from '../../src/verify/answer.js'
import { type Bundle, parseBundle } from '../../src/verify/bundle.js'
import {
  formatHeader,
  formatRecordLine,
  isLogAnswer,
  linesOf,
  parseHeader,
  parseRecordLine,
} from '../../src/verify/log-answer.js'
import type { LogQuestion } from '../../src/verify/log-question.js'
import {
  type Trust,
  verifyAnswer,
  verifyBundle,
  type VerifiedAnswer,
  type VerifiedEntry,
} from '../../src/verify/library.js'
import { smallLog } from '../given/small-index.js'
import { mutateCanonical, mutateJson } from '../mutate/json.js'
import type { Mutator } from '../mutate/mutator.js'
import { endingOf, hold, sameOctets } from '../oracle/hold.js'
import { MAX_INPUT, type Target } from '../target.js'

interface Vectors {
  readonly bundles: Readonly<Record<string, string>>
  readonly vectors: readonly {
    readonly bundle: string
    readonly drop: number
    readonly put: string
    readonly entry?: string
    readonly trust: { readonly index: string; readonly key: string; readonly now: number }
  }[]
}

const { bundles, vectors } = JSON.parse(
  readFileSync(new URL('../../docs/format/vectors/bundle-verify.json', import.meta.url), 'utf8'),
) as Vectors

/** Good bundles, and by whom they are believed. */
const good = vectors
  .filter(({ drop, put, entry }) => drop === 0 && put === '' && entry !== undefined)
  .flatMap(({ bundle: name, trust: { index, key, now } }) => {
    const octets = Buffer.from(bundles[name] ?? '')
    const trust: Trust = { indexId: index, logKey: key, now: new Date(now * 1000) }
    const [read, verified] = [parseBundle(octets), verifyBundle(octets, trust)]
    return read.ok && verified.ok
      ? [{ name: `${index} ${name}`, bundle: read.value, entry: verified.value, trust, now }]
      : []
  })
  .filter(({ name }, at, all) => all.findIndex((one) => one.name === name) === at)

const trusts = [...new Map(good.map(({ trust }) => [trust.indexId, trust])).values()]
const facts = ({ entry, scopes, size }: VerifiedEntry): string =>
  canonicalize({ entry, scopes, size })
const known = new Set(good.map(({ entry }) => facts(entry)))

function run(input: Uint8Array): string | Promise<string> {
  if (isLogAnswer(input)) return runLog(input)
  const read = parseAnswer(input)
  if (!read.ok) return endingOf(read.refusal)
  hold(sameOctets(formatAnswer(read.value), input), 'an answer has one spelling')
  const ends = trusts.map((trust) => {
    const answer = verifyAnswer(input, trust)
    return answer.ok ? looked(answer.value) : endingOf(answer.refusal)
  })
  return [...new Set(ends)].sort().join(', ')
}

function looked(answer: VerifiedAnswer): string {
  const from = answer.ask === 'permit' ? [answer.caller, answer.callee] : [answer.entry]
  for (const one of from) hold(known.has(facts(one)), 'an answer follows from what was proved')
  switch (answer.ask) {
    case 'permit': {
      const { question, caller, callee, decision, made } = answer
      const isAsked =
        question.caller === caller.entry.alias && question.callee === callee.entry.alias
      hold(isAsked, 'an answer is about those who are asked about')
      hold(made === undefined || decision.allowed, 'nobody made what is denied')
      return `permit ${String(decision.allowed)} ${question.route === undefined ? 'bare' : 'route'}`
    }
    case 'log': {
      const revisions = answer.commits.map(({ rev }) => rev)
      const isWhole = revisions.every((rev, at) => rev === at + 1)
      hold(isWhole && revisions.length === answer.entry.entry.rev, 'a history is whole')
      return `log ${revisions.length}`
    }
    case 'authority':
      return `authority ${answer.authority.classes.length}`
  }
}

/** The form of an answer with its log; what its records come to, the target `dsse` looks at. */
async function runLog(input: Uint8Array): Promise<string> {
  const [head = '', ...lines] = await linesIn([input])
  const cut = Math.floor(input.length / 3)
  const again = await linesIn([input.subarray(0, cut), input.subarray(cut)])
  hold(again.join() === [head, ...lines].join(), 'it does not matter how octets arrive')
  if (typeof head === 'string') return head
  const read = parseHeader(head)
  if (!read.ok) return endingOf(read.refusal)
  const spelled = Buffer.from(formatHeader(read.value)).subarray(0, -1)
  hold(sameOctets(spelled, head), 'a first line has one spelling')
  const { question } = read.value
  const ends = lines.map((line, seq) => {
    if (typeof line === 'string') return line
    const record = parseRecordLine(line, seq)
    if (!record.ok) return endingOf(record.refusal)
    const written = Buffer.from(formatRecordLine(record.value)).subarray(0, -1)
    hold(sameOctets(written, line), 'a record has one spelling')
    return `${record.value.envelopes.length}`
  })
  return `${question.ask} ${[...new Set(ends)].sort().join(', ')}`
}

/** Lines, and how it ends where that is not after a line. */
async function linesIn(pieces: readonly Uint8Array[]): Promise<readonly (Uint8Array | string)[]> {
  // eslint-disable-next-line @typescript-eslint/require-await -- a file comes so
  async function* piecewise(): AsyncGenerator<Uint8Array> {
    yield* pieces
  }
  const found: (Uint8Array | string)[] = []
  for await (const line of linesOf(piecewise())) {
    found.push(line.ok ? line.value : endingOf(line.refusal))
  }
  return found
}

const logQuestions: readonly LogQuestion[] = [
  { ask: 'reach', alias: 'a/b' as Alias, limit: 1000 },
  { ask: 'callers', alias: 'a' as Alias, limit: 1, moment: '14' },
  {
    ask: 'why',
    caller: 'a' as Alias,
    callee: 'b' as Alias,
    port: 80,
    route: 'GET /',
    headers: ['a: b'],
  },
  {
    ask: 'permit',
    caller: 'a' as Alias,
    callee: 'b' as Alias,
    port: 80,
    moment: '2026-11-21T08:15:20Z',
  },
  { ask: 'authority', alias: ROOT, op: 'rule.attach' },
  { ask: 'log', alias: ROOT },
  { ask: 'diff', from: '1', to: '2026-11-21T08:15:20Z', scope: ROOT },
  { ask: 'impact', proposal: `pr${'a'.repeat(40)}` },
  { ask: 'inbox', voter: 'ann' },
  { ask: 'resilience', scope: ROOT, without: ['ann', 'bob'] },
  { ask: 'exceptions', limit: 1, since: '2026-11-21T08:15:20Z' },
  { ask: 'votes', voter: 'ann', which: 'decisive', limit: 1 },
  { ask: 'changes', under: ROOT, format: 'csv', until: '2026-11-21T08:15:20Z' },
  { ask: 'cedar' },
].map((asked) => ({ ...asked, at: unixSeconds(1_800_000_000) }) as LogQuestion)

function logSeeds(): readonly Uint8Array[] {
  const [one] = good
  if (!one) return []
  const { index, checkpoint } = one.bundle
  const lines = smallLog.records.slice(0, 4).map(formatRecordLine).join('')
  return logQuestions.map((question) =>
    Buffer.from(formatHeader({ v: 1, index, checkpoint, question }) + lines),
  )
}

function seeds(): readonly Uint8Array[] {
  const of = (question: Question, ...all: readonly Bundle[]): Uint8Array =>
    formatAnswer({ v: 1, question, bundles: all })
  const made = good.flatMap(({ bundle, entry: { entry }, trust, now }) => {
    const { alias } = entry
    const others = good.filter((other) => other.trust.indexId === trust.indexId)
    return [
      of({ ask: 'log', alias }, bundle),
      of({ ask: 'authority', alias }, bundle),
      of({ ask: 'authority', alias, op: 'rule.attach' }, bundle),
      ...others.flatMap((callee) => {
        const who = { caller: alias, callee: callee.entry.entry.alias, port: 8080 } as const
        const asked = { ask: 'permit', at: unixSeconds(now), ...who } as const
        return [
          of(asked, bundle, callee.bundle),
          of({ ...asked, route: 'GET /orders/7', headers: ['a: b'] }, bundle, callee.bundle),
        ]
      }),
    ]
  })
  return [...made, ...logSeeds()].filter(({ length }) => length <= MAX_INPUT)
}

const withLineFeed =
  (mutator: Mutator): Mutator =>
  (input, material) => {
    const made = mutator(input, material)
    return made && Buffer.concat([made, Buffer.from('\n')])
  }

/** What follows the first line stays as it is. */
const inFirstLine: Mutator = (input, material) => {
  const end = input.indexOf(0x0a)
  const made = end === -1 ? undefined : mutateCanonical(input.subarray(0, end), material)
  return made && Buffer.concat([made, input.subarray(end)])
}

export const target: Target = {
  seeds,
  mutators: [withLineFeed(mutateCanonical), mutateJson, inFirstLine],
  run,
}
