import { isDnsLabel } from '../../core/alias.js'
import { toIso, unixSeconds } from '../../core/time.js'
import { classesOf } from '../../namespace/questions/authority.js'
import type { Operation } from '../../namespace/operation.js'
import type { Asked, LogAsk, LogQuestion, LogQuestions } from '../../verify/log-question.js'
import { portOf, routeOf, sidesOf } from '../commands/asked-call.js'
import { parseLimit } from '../commands/entry-pages.js'
import { aliasOf, type Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { type Outcome, usage } from '../problem.js'

/** A command as it is called: its words, and its options by the names that the parser has for them. */
interface CommandLine {
  /** `voter votes` */
  readonly path: string
  readonly words: readonly string[]
  readonly options: Readonly<Record<string, string | true | readonly string[] | undefined>>
}

/** One thing that may be asked of a log: how a command line asks it, and how it is asked again. */
interface QuestionKind<Q> {
  /** `answered`: what the server said to it. */
  readonly of: (call: Invocation, answered: JsonReader) => Outcome<Q>
  readonly again: (question: Q) => CommandLine
  /** `whom may web/shop call` */
  readonly says: (question: Q) => string
}

const made = <T>(value: T): Outcome<T> => ({ ok: true, value })

/** Those members that there are. */
function present<T extends Readonly<Record<string, unknown>>>(
  members: T,
): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  const there = Object.entries(members).filter(([, value]) => value !== undefined)
  return Object.fromEntries(there) as { [K in keyof T]?: Exclude<T[K], undefined> }
}

const shown = (alias: string): string => (alias === '' ? '/' : alias)

/** The second that a time names, or the one after: what is before the one is before the other. */
function timeIn(call: Invocation, option: string): Outcome<string | undefined> {
  const text = call.text(option)
  if (text === undefined) return made(undefined)
  const at = Math.ceil(Date.parse(text) / 1000)
  if (Number.isSafeInteger(at) && at >= 0) return made(toIso(unixSeconds(at)))
  return usage(`--${option} is no time`, { wanted: '2026-10-01T00:00:00Z' })
}

function reachKind(
  path: 'reach' | 'callers',
  says: (alias: string) => string,
): QuestionKind<LogQuestions['reach']> {
  return {
    of(call) {
      const alias = call.alias(0)
      if (!alias.ok) return alias
      const limit = parseLimit(call.text('limit'))
      if (!limit.ok) return limit
      const moment = call.text('at')
      return made({ alias: alias.value, limit: limit.value, ...present({ moment }) })
    },
    again: ({ alias, limit, moment }) => ({
      path,
      words: [alias],
      options: { limit: String(limit), at: moment },
    }),
    says: ({ alias }) => says(alias),
  }
}

function callKind(path: 'permit' | 'why'): QuestionKind<LogQuestions['permit']> {
  return {
    of(call) {
      const sides = sidesOf(call)
      if (!sides.ok) return sides
      const port = portOf(call)
      if (!port.ok) return port
      const route = routeOf(call)
      if (!route.ok) return route
      const [caller, callee] = sides.value
      const given = call.texts('header')
      const headers = given.length > 0 ? given : undefined
      const more = present({ route: route.value?.text, headers, moment: call.text('at') })
      return made({ caller, callee, port: port.value, ...more })
    },
    again: ({ caller, callee, port, route, headers, moment }) => ({
      path,
      words: [caller, callee],
      options: { port: String(port), route, header: headers, at: moment },
    }),
    says: ({ caller, callee }) => `may ${caller} call ${callee}`,
  }
}

/** How each question is asked on the command line, and asked again by whoever verifies its answer. */
const questionKinds: { readonly [K in LogAsk]: QuestionKind<LogQuestions[K]> } = {
  reach: reachKind('reach', (alias) => `whom may ${alias} call`),
  callers: reachKind('callers', (alias) => `who may call ${alias}`),
  permit: callKind('permit'),
  why: callKind('why'),
  authority: {
    of(call) {
      const alias = call.alias(0)
      if (!alias.ok) return alias
      const operations = Object.keys(classesOf) as Operation['op'][]
      const op = operations.find((one) => one === call.word(1))
      return made({ alias: alias.value, ...present({ op, moment: call.text('at') }) })
    },
    again: ({ alias, op, moment }) => ({
      path: 'authority',
      words: [shown(alias), ...(op === undefined ? [] : [op])],
      options: { at: moment },
    }),
    says: ({ alias, op }) => `who may change ${shown(alias)}${op === undefined ? '' : ` (${op})`}`,
  },
  log: {
    of(call) {
      const alias = call.alias(0)
      if (!alias.ok) return alias
      return made({ alias: alias.value, ...present({ moment: call.text('at') }) })
    },
    again: ({ alias, moment }) => ({
      path: 'log',
      words: [shown(alias)],
      options: { at: moment },
    }),
    says: ({ alias }) => `what was ever decided about ${shown(alias)}`,
  },
  diff: {
    of(call) {
      const scope = aliasOf(call.word(2) ?? '/')
      if (!scope.ok) return scope
      return made({ from: call.word(0) ?? '', to: call.word(1) ?? '', scope: scope.value })
    },
    again: ({ from, to, scope }) => ({
      path: 'diff',
      words: [from, to, shown(scope)],
      options: {},
    }),
    says: ({ from, to, scope }) =>
      `what was changed under ${shown(scope)} between ${momentText(from)} and ${momentText(to)}`,
  },
  impact: {
    // The id may have been cut short.
    of: (call, answered) =>
      made({ proposal: answered.raw('proposal'), ...present({ moment: call.text('at') }) }),
    again: ({ proposal, moment }) => ({
      path: 'impact',
      words: [proposal],
      options: { at: moment },
    }),
    says: ({ proposal }) => `what would the proposal ${proposal} do`,
  },
  inbox: {
    of: (call) => made(present({ voter: call.text('as'), moment: call.text('at') })),
    again: ({ voter, moment }) => ({
      path: 'inbox',
      words: [],
      options: { as: voter, at: moment },
    }),
    says: ({ voter }) =>
      voter === undefined ? 'what waits for votes' : `what waits for the vote of ${voter}`,
  },
  resilience: {
    of(call) {
      const scope = call.alias(0)
      if (!scope.ok) return scope
      const without = call.texts('without').flatMap((text) => text.split(','))
      return made({ scope: scope.value, without, ...present({ moment: call.text('at') }) })
    },
    again: ({ scope, without, moment }) => ({
      path: 'resilience',
      words: [shown(scope)],
      options: { without: without.length === 0 ? undefined : without, at: moment },
    }),
    says: ({ scope, without }) =>
      `can ${shown(scope)} still decide${without.length === 0 ? '' : ` without ${without.join(', ')}`}`,
  },
  exceptions: {
    of(call) {
      const limit = parseLimit(call.text('limit'))
      if (!limit.ok) return limit
      const more = present({ since: call.text('since'), moment: call.text('at') })
      return made({ limit: limit.value, ...more })
    },
    again: ({ limit, since, moment }) => ({
      path: 'exceptions',
      words: [],
      options: { limit: String(limit), since, at: moment },
    }),
    says: ({ since }) => `what was not decided in the usual way${sinceText(since)}`,
  },
  votes: {
    of(call) {
      const limit = parseLimit(call.text('limit'))
      if (!limit.ok) return limit
      const voter = call.word(0) ?? ''
      if (!isDnsLabel(voter)) return usage('this is no id of a voter')
      const which = call.has('decisive') ? 'decisive' : 'all'
      const more = present({ since: call.text('since'), moment: call.text('at') })
      return made({ voter, which, limit: limit.value, ...more })
    },
    again: ({ voter, which, limit, since, moment }) => ({
      path: 'voter votes',
      words: [voter],
      options: {
        ...{ limit: String(limit), since, at: moment },
        decisive: which === 'decisive' ? true : undefined,
      },
    }),
    says: ({ voter, which, since }) =>
      `which changes ${which === 'decisive' ? 'hung on the vote of' : 'were voted about by'} ${voter}${sinceText(since)}`,
  },
  changes: {
    of(call) {
      const under = aliasOf(call.text('under') ?? '/')
      if (!under.ok) return under
      const until = timeIn(call, 'until')
      if (!until.ok) return until
      const format = call.text('format') === 'json' ? 'json' : 'csv'
      const moment = call.text('at')
      const times = present({ since: call.text('since'), until: until.value, moment })
      return made({ under: under.value, format, ...times })
    },
    again: ({ under, format, since, until, moment }) => ({
      path: 'export changes',
      words: [],
      options: { under: shown(under), format, since, until, at: moment },
    }),
    says: ({ under, since, until }) =>
      `what was decided under ${shown(under)}${sinceText(since)}${until === undefined ? '' : `, before ${until}`}`,
  },
  ends: {
    of(call) {
      const under = call.alias(0)
      if (!under.ok) return under
      const limit = parseLimit(call.text('limit'))
      if (!limit.ok) return limit
      const ahead = Number(call.text('ahead') ?? 30)
      const moment = call.text('at')
      return made({ under: under.value, ahead, limit: limit.value, ...present({ moment }) })
    },
    again: ({ under, ahead, limit, moment }) => ({
      path: 'stale',
      words: [shown(under)],
      options: { ending: true, ahead: String(ahead), limit: String(limit), at: moment },
    }),
    says: ({ under, ahead }) => `what ends by itself under ${shown(under)} within ${ahead} days`,
  },
  cedar: {
    of: (call) => made(present({ moment: call.text('at') })),
    again: ({ moment }) => ({ path: 'export cedar', words: [], options: { at: moment } }),
    says: () => 'who may call whom, as Cedar policies',
  },
}

const sinceText = (since: string | undefined): string =>
  since === undefined ? '' : `, since ${since}`

/** `14 records`, or the time. */
const momentText = (moment: string): string => (moment.endsWith('Z') ? moment : `${moment} records`)

/** What the call asks, but for its time. */
export const askedBy = <K extends LogAsk>(
  ask: K,
  call: Invocation,
  answered: JsonReader,
): Outcome<LogQuestions[K]> => questionKinds[ask].of(call, answered)

/** The same question as a command line. */
export const askedAgain = <K extends LogAsk>(question: Asked<K>): CommandLine =>
  questionKinds[question.ask].again(question)

const saidOf = <K extends LogAsk>(question: Asked<K>): string =>
  questionKinds[question.ask].says(question)

/** `whom may web/shop call, as of 6 records?` */
export function sentenceOf(question: LogQuestion): string {
  const said = saidOf(question)
  if ('moment' in question) return `${said}, as of ${momentText(question.moment)}?`
  return `${said}, as of ${toIso(question.at)}?`
}

/** The latest time that a question names itself; undefined where it names none. */
export function latestTimeIn(question: LogQuestion): string | undefined {
  const { moment, from, to, until } = question as Partial<
    Readonly<Record<'moment' | 'from' | 'to' | 'until', string>>
  >
  const times = [moment, from, to, until].filter((one) => one?.endsWith('Z') === true)
  return times.sort().at(-1)
}
