import type { Alias } from '../core/alias.js'
import type { UnixSeconds } from '../core/time.js'
import { isShapedLike } from '../namespace/change-request.js'
import type { Operation } from '../namespace/operation.js'
import { classesOf } from '../namespace/questions/authority.js'
import { parseMoment } from '../namespace/questions/past.js'
import {
  alias,
  anyAlias,
  instantSeconds,
  label,
  object,
  port,
  text,
} from '../namespace/schema-parts.js'

interface OfMoment {
  /** Of the index as it was: a number of records, or a time. As all records make it where left out. */
  readonly moment?: string
}

interface OfCall extends OfMoment {
  readonly caller: Alias
  readonly callee: Alias
  readonly port: number
  /** `GET /orders/7` */
  readonly route?: string
  /** `name: value`, as they were given. */
  readonly headers?: readonly string[]
}

interface OfList {
  /** So many are listed at most. */
  readonly limit: number
}

interface Since {
  /** `2026-11-21T08:15:20Z` */
  readonly since?: string
}

/** What may be asked of a whole index log, by name. The root's alias is the empty text. */
export interface LogQuestions {
  readonly reach: OfMoment & OfList & { readonly alias: Alias }
  readonly callers: OfMoment & OfList & { readonly alias: Alias }
  readonly permit: OfCall
  readonly why: OfCall
  readonly authority: OfMoment & { readonly alias: Alias; readonly op?: Operation['op'] }
  readonly log: OfMoment & { readonly alias: Alias }
  readonly diff: { readonly from: string; readonly to: string; readonly scope: Alias }
  /** By the whole id of the proposal. */
  readonly impact: OfMoment & { readonly proposal: string }
  readonly inbox: OfMoment & { readonly voter?: string }
  readonly resilience: OfMoment & { readonly scope: Alias; readonly without: readonly string[] }
  readonly exceptions: OfMoment & Since & OfList
  readonly votes: OfMoment &
    Since &
    OfList & { readonly voter: string; readonly which: 'all' | 'decisive' }
  readonly changes: OfMoment &
    Since & {
      readonly until?: string
      readonly under: Alias
      readonly format: 'csv' | 'json'
    }
  /** `ahead`: days. */
  readonly ends: OfMoment & OfList & { readonly under: Alias; readonly ahead: number }
  readonly cedar: OfMoment
}

export type LogAsk = keyof LogQuestions

/** A question by its name. */
export type Asked<K extends LogAsk> = LogQuestions[K] & { readonly ask: K }

/** What was asked, as the file of an answer with its log says it: see docs/format-proof.md. */
export type LogQuestion = {
  [K in LogAsk]: Asked<K> & {
    /** When: what is in force only for a time is looked at as of this second. */
    readonly at: UnixSeconds
  }
}[LogAsk]

const TIME = '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z'
const time = { type: 'string', pattern: `^${TIME}$` }
const moment = { type: 'string', pattern: `^(?:[1-9][0-9]{0,14}|${TIME})$` }
const limit = { type: 'integer', minimum: 1, maximum: 1_000_000 }
const region = anyAlias.alias
const call = {
  ...{ caller: alias, callee: alias, port, moment, route: text(4096) },
  headers: { type: 'array', minItems: 1, maxItems: 64, items: text(400) },
}

/** The members of each, and those of them that must be there. */
const members: Readonly<
  Record<LogAsk, readonly [Readonly<Record<string, unknown>>, ...(readonly string[])]>
> = {
  reach: [{ alias, limit, moment }, 'alias', 'limit'],
  callers: [{ alias, limit, moment }, 'alias', 'limit'],
  permit: [call, 'caller', 'callee', 'port'],
  why: [call, 'caller', 'callee', 'port'],
  authority: [{ alias: region, moment, op: { enum: Object.keys(classesOf) } }, 'alias'],
  log: [{ alias: region, moment }, 'alias'],
  diff: [{ from: moment, to: moment, scope: region }, 'from', 'to', 'scope'],
  impact: [{ proposal: { type: 'string', pattern: '^pr[a-z2-7]{40}$' }, moment }, 'proposal'],
  inbox: [{ voter: label, moment }],
  resilience: [
    { scope: region, without: { type: 'array', maxItems: 32, items: label }, moment },
    ...['scope', 'without'],
  ],
  exceptions: [{ since: time, limit, moment }, 'limit'],
  votes: [
    { voter: label, since: time, limit, moment, which: { enum: ['all', 'decisive'] } },
    ...['voter', 'limit', 'which'],
  ],
  changes: [
    { since: time, until: time, moment, under: region, format: { enum: ['csv', 'json'] } },
    ...['under', 'format'],
  ],
  ends: [
    { under: region, ahead: { type: 'integer', minimum: 1, maximum: 3650 }, limit, moment },
    ...['under', 'ahead', 'limit'],
  ],
  cedar: [{ moment }],
}

/** JSON Schema of what was asked. */
export const logQuestionSchema = {
  oneOf: Object.entries(members).map(([ask, [properties, ...required]]) =>
    object({ ...properties, ask: { const: ask }, at: instantSeconds }, [
      ...['ask', 'at'],
      ...required,
    ]),
  ),
}

/** Of the schema, and each moment and time of it is one that there is. */
export function isLogQuestion(value: unknown): value is LogQuestion {
  if (!isShapedLike(logQuestionSchema, value)) return false
  const { moment, from, to, since, until } = value as Readonly<Record<string, string | undefined>>
  return [moment, from, to, since, until].every(
    (one) => one === undefined || parseMoment(one) !== undefined,
  )
}
