import { readFileSync } from 'node:fs'
import { canonicalize } from '../../src/core/canonical-json.js'
import { unixSeconds } from '../../src/core/time.js'
import { formatAnswer, parseAnswer, type Question } from '../../src/verify/answer.js'
import { type Bundle, parseBundle } from '../../src/verify/bundle.js'
import {
  type Trust,
  verifyAnswer,
  verifyBundle,
  type VerifiedAnswer,
  type VerifiedEntry,
} from '../../src/verify/library.js'
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

function run(input: Uint8Array): string {
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
  return made.filter(({ length }) => length <= MAX_INPUT)
}

const withLineFeed =
  (mutator: Mutator): Mutator =>
  (input, material) => {
    const made = mutator(input, material)
    return made && Buffer.concat([made, Buffer.from('\n')])
  }

export const target: Target = {
  seeds,
  mutators: [withLineFeed(mutateCanonical), mutateJson],
  run,
}
