import { isDnsLabel } from '../../core/alias.js'
import { ok } from '../../core/result.js'
import { days, type Seconds, type UnixSeconds } from '../../core/time.js'
import { parseMoment, type PastMoment } from '../../namespace/questions/past.js'
import { classesOf } from '../../namespace/questions/authority.js'
import type { Operation } from '../../namespace/operation.js'
import { type Parameter, unfit } from './parameters.js'

const operations = Object.keys(classesOf) as Operation['op'][]

export const operationParameter: Parameter<Operation['op']> = {
  description: 'Only what this operation may need',
  schema: { enum: operations },
  example: 'rule.attach',
  parse: (text) => {
    const found = operations.find((one) => one === text)
    return found
      ? ok(found)
      : unfit('an operation', operations.join(', '), 'capstan authority ALIAS')
  },
}

export const momentParameter: Parameter<PastMoment> = {
  description: 'A number of records, or a time in UTC',
  schema: {
    type: 'string',
    pattern: '^(?:[1-9][0-9]{0,14}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)$',
  },
  example: '2026-11-21T08:15:20Z',
  parse: (text) => {
    const moment = parseMoment(text)
    return moment
      ? ok(moment)
      : unfit('a moment', '12 (records), or 2026-11-21T08:15:20Z', 'capstan status')
  },
}

export const sinceParameter: Parameter<UnixSeconds> = {
  description: 'From this time on, UTC',
  schema: { type: 'string', pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$' },
  example: '2026-11-21T08:15:20Z',
  parse: (text) => {
    const moment = parseMoment(text)
    return moment?.kind === 'time'
      ? ok(moment.at)
      : unfit('a time', '2026-11-21T08:15:20Z', 'write it in UTC, to the second')
  },
}

export const recordParameter: Parameter<number> = {
  description: 'The `next` of the page before',
  schema: { type: 'integer', minimum: 0, maximum: 999_999_999_999 },
  example: '0',
  parse: (text) =>
    /^(?:0|[1-9]\d{0,11})$/.test(text) ? ok(Number(text)) : unfit('a record', 'its number'),
}

/** About 20 MB of answer: the log is read again for each page. */
export const PAST_PAGE = 10_000

export const pastPageParameter: Parameter<number> = {
  description: "At most this many; what follows is asked for with the answer's `next`",
  schema: { type: 'integer', minimum: 1, maximum: PAST_PAGE, default: PAST_PAGE },
  example: '100',
  parse: (text) => {
    const limit = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : 0
    return limit >= 1 && limit <= PAST_PAGE ? ok(limit) : unfit('a limit', `1 to ${PAST_PAGE}`)
  },
}

/** Ten years. */
const MOST_DAYS = 3650

export const daysParameter: Parameter<Seconds> = {
  description: 'Without a certificate for so many days',
  schema: { type: 'integer', minimum: 1, maximum: MOST_DAYS, default: 90 },
  example: '90',
  parse: (text) => {
    const count = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0
    return count >= 1 && count <= MOST_DAYS
      ? ok(days(count))
      : unfit('a number of days', `1 to ${MOST_DAYS}`, 'capstan stale --days 90')
  },
}

export const aheadParameter: Parameter<Seconds> = {
  description: 'What ends within so many days',
  schema: { type: 'integer', minimum: 1, maximum: MOST_DAYS, default: 30 },
  example: '30',
  parse: (text) => {
    const count = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0
    return count >= 1 && count <= MOST_DAYS
      ? ok(days(count))
      : unfit('a number of days', `1 to ${MOST_DAYS}`, 'capstan stale --ahead 30')
  },
}

export const voterParameter: Parameter<string> = {
  description: 'Id of a voter',
  schema: { type: 'string', pattern: '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$' },
  example: 'ann',
  parse: (text) =>
    isDnsLabel(text)
      ? ok(text)
      : unfit('the id of a voter', 'a DNS label: ann', 'capstan group show'),
}

export const decisiveParameter: Parameter<'all' | 'decisive'> = {
  description: 'true: only changes that would not have been made without the vote',
  schema: { type: 'boolean' },
  example: 'true',
  parse: (text) => {
    if (text === 'true') return ok('decisive')
    return text === 'false' ? ok('all') : unfit('a truth value', 'true or false')
  },
}

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
/** As many as a group may have. */
const VOTERS = 32

export const votersParameter: Parameter<readonly string[]> = {
  description: 'Ids of voters, with commas between them',
  schema: { type: 'string', pattern: `^${LABEL}(?:,${LABEL}){0,${VOTERS - 1}}$` },
  example: 'ann,bob',
  parse: (text) => {
    const ids = text.split(',')
    return ids.length <= VOTERS && ids.every(isDnsLabel)
      ? ok(ids)
      : unfit(
          'ids of voters',
          `up to ${VOTERS} ids with commas between them: ann,bob`,
          'capstan group show',
        )
  },
}
