import { isDnsLabel } from '../../core/alias.js'
import { ok } from '../../core/result.js'
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
    return found ? ok(found) : unfit('an operation', operations.join(', '))
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
    return moment ? ok(moment) : unfit('a moment', '12 (records), or 2026-11-21T08:15:20Z')
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
      : unfit('ids of voters', `up to ${VOTERS} ids with commas between them: ann,bob`)
  },
}
