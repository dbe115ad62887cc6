import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { Invocation } from '../../src/cli/invocation.js'
import { JsonReader } from '../../src/cli/json-reader.js'
import { askedAgain, askedBy, sentenceOf } from '../../src/cli/proof/question-kinds.js'
import type { World } from '../../src/cli/world.js'
import { toIso, unixSeconds } from '../../src/core/time.js'
import { isLogQuestion, type LogQuestion } from '../../src/verify/log-question.js'
import { valueOf } from '../namespace/given-index.js'

const alias = fc
  .stringMatching(/^[a-z0-9]{1,8}(\/[a-z0-9]{1,8}){0,3}$/)
  .filter((text) => !/(^|\/)(ns|sa|spire|entry|identity|svc)(\/|$)/.test(text))
const region = fc.oneof(fc.constant(''), alias)
const second = fc.integer({ min: 1, max: 4_000_000_000 }).map(unixSeconds)
const time = second.map(toIso)
const moment = fc.oneof(fc.integer({ min: 1, max: 1e9 }).map(String), time)
const limit = fc.integer({ min: 1, max: 1_000_000 })
const voter = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/)

/** Members of which some may be left out. */
const of = (
  ask: LogQuestion['ask'],
  members: Readonly<Record<string, fc.Arbitrary<unknown>>>,
  perhaps: Readonly<Record<string, fc.Arbitrary<unknown>>> = {},
) =>
  fc.record(
    { ask: fc.constant(ask), at: second, ...members, ...perhaps },
    { requiredKeys: ['ask', 'at', ...Object.keys(members)] as never },
  ) as unknown as fc.Arbitrary<LogQuestion>

const call = { caller: alias, callee: alias, port: fc.integer({ min: 1, max: 65_535 }) }
const request = {
  moment,
  route: fc.constantFrom('GET /orders/7', 'POST /'),
}
const headers = fc.uniqueArray(fc.constantFrom('a: b', 'x-team: payments'), {
  minLength: 1,
  maxLength: 3,
})

const questions: Readonly<Record<LogQuestion['ask'], fc.Arbitrary<LogQuestion>>> = {
  reach: of('reach', { alias, limit }, { moment }),
  callers: of('callers', { alias, limit }, { moment }),
  permit: of('permit', call, request),
  why: of('why', { ...call, route: fc.constant('GET /a'), headers }, { moment }),
  authority: of('authority', { alias: region }, { moment, op: fc.constant('rule.attach') }),
  log: of('log', { alias: region }, { moment }),
  diff: of('diff', { from: moment, to: moment, scope: region }),
  impact: of('impact', { proposal: fc.stringMatching(/^pr[a-z2-7]{40}$/) }, { moment }),
  inbox: of('inbox', {}, { voter, moment }),
  resilience: of(
    'resilience',
    { scope: region, without: fc.array(voter, { maxLength: 4 }) },
    { moment },
  ),
  exceptions: of('exceptions', { limit }, { since: time, moment }),
  votes: of(
    'votes',
    { voter, limit, which: fc.constantFrom('all', 'decisive') },
    { since: time, moment },
  ),
  changes: of(
    'changes',
    { under: region, format: fc.constantFrom('csv', 'json') },
    { since: time, until: time, moment },
  ),
  ends: of('ends', { under: region, limit, ahead: fc.integer({ min: 1, max: 3650 }) }, { moment }),
  cedar: of('cedar', {}, { moment }),
}

describe('a question', () => {
  it.each(Object.entries(questions))(
    'about %s that is asked again as a command is the same question',
    (_, arbitrary) => {
      fc.assert(
        fc.property(arbitrary, (question) => {
          expect(isLogQuestion(question)).toBe(true)
          const { words, options } = askedAgain(question)
          const given = Object.entries(options).filter(([, value]) => value !== undefined)
          const invocation = new Invocation({} as World, words, Object.fromEntries(given))
          const asked = askedBy(question.ask, invocation, new JsonReader(question))
          const { at } = question
          if (!asked.ok) throw new Error(asked.problem.detail)
          expect({ ...asked.value, ask: question.ask, at }).toEqual(question)
          expect(sentenceOf(question)).toMatch(/^[\x20-\x7e]+\?$/)
        }),
        { numRuns: 50 },
      )
    },
  )

  it('has a time before which something was, to the second after it', () => {
    const until = (text: string) => {
      const invocation = new Invocation({} as World, [], { until: text })
      return askedBy('changes', invocation, new JsonReader({}))
    }
    expect(valueOf(until('2026-10-01T00:00:00.250Z') as never)).toMatchObject({
      until: '2026-10-01T00:00:01Z',
    })
    expect(until('yesterday').ok).toBe(false)
  })
})
