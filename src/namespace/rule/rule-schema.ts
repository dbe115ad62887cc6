import {
  alias,
  instant,
  instantSeconds,
  object,
  port,
  portRanges,
  request,
} from '../schema-parts.js'
import { HEADER_NAME, HEADER_VALUE, MAX_HEADER_VALUE, methods } from './route.js'
import { MAX_PATH } from './path.js'
import { protocols } from './rule.js'
import { MAX_BACKENDS, MAX_WEIGHT } from './split.js'
import { regionPattern } from '../../core/alias.js'

/** An id that people choose: a DNS-1123 label, short enough for names that are made of it. */
export const choiceId = {
  type: 'string',
  maxLength: 40,
  pattern: '^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$',
}

export const region = { type: 'string', maxLength: 200, pattern: regionPattern() }

const path = (kind: 'exact' | 'prefix') =>
  object({ [kind]: { type: 'string', minLength: 1, maxLength: MAX_PATH, pattern: '^/' } }, [kind])

const header = (name: unknown) =>
  object(
    {
      name,
      value: { type: 'string', maxLength: MAX_HEADER_VALUE, pattern: HEADER_VALUE.source },
    },
    ['name', 'value'],
  )

const routes = (headerName: unknown) => ({
  type: 'array',
  minItems: 1,
  maxItems: 64,
  items: object(
    {
      method: { enum: methods },
      path: { oneOf: [path('exact'), path('prefix')] },
      headers: { type: 'array', minItems: 1, maxItems: 16, items: header(headerName) },
    },
    ['path'],
  ),
})

const callers = (one: unknown) => ({
  type: 'array',
  minItems: 1,
  maxItems: 100,
  items: { oneOf: [one, object({ subtree: region }, ['subtree'])] },
})

const entryUid = { type: 'string', pattern: '^e[a-z2-7]{31}$' }

const spelled = HEADER_NAME.source.replace('0-9a-z', '0-9A-Za-z')

/** As people write it: callers by alias, ports as numbers or ranges. */
export const ruleRequest = object(
  {
    id: { ...choiceId, description: 'made of the rule where it is left out' },
    effect: { const: 'allow' },
    callers: callers(alias),
    ports: {
      type: 'array',
      minItems: 1,
      maxItems: 100,
      items: { oneOf: [port, portRanges.items] },
    },
    proto: { enum: protocols, description: 'http where it is left out' },
    routes: routes({ type: 'string', maxLength: 64, pattern: spelled }),
    from: instant,
    until: instant,
  },
  ['callers', 'ports'],
)

export const storedRule = object(
  {
    id: choiceId,
    effect: { const: 'allow' },
    callers: callers(entryUid),
    ports: { ...portRanges, minItems: 1 },
    proto: { enum: protocols },
    routes: routes({ type: 'string', maxLength: 64, pattern: HEADER_NAME.source }),
    from: instantSeconds,
    until: instantSeconds,
  },
  ['id', 'effect', 'callers', 'ports', 'proto'],
)

const weight = { type: 'integer', minimum: 0, maximum: MAX_WEIGHT }

const split = (entry: unknown, required: readonly string[]) =>
  object(
    {
      port,
      backendRefs: {
        type: 'array',
        minItems: 1,
        maxItems: MAX_BACKENDS,
        items: object({ entry, port, weight }, required),
      },
    },
    ['port', 'backendRefs'],
  )

/** As people write it: backends by alias. */
export const splitRequest = split(alias, ['entry'])

export const storedSplit = split(entryUid, ['entry', 'weight'])

export const ruleRequestSchemas = {
  'rule.attach': request('rule.attach', { rule: ruleRequest }, ['rule']),
  'rule.replace': request(
    'rule.replace',
    { rule: { ...ruleRequest, required: ['id', ...ruleRequest.required] } },
    ['rule'],
  ),
  'rule.detach': request('rule.detach', { rule: choiceId }, ['rule']),
  'split.set': request('split.set', { split: splitRequest }, ['split']),
  'split.clear': request('split.clear', { port }, ['port']),
}

export const ruleBodySchemas = {
  'rule.attach': object({ rule: storedRule }, ['rule']),
  'rule.replace': object({ rule: storedRule }, ['rule']),
  'rule.detach': object({ rule: choiceId }, ['rule']),
  'split.set': object({ split: storedSplit }, ['split']),
  'split.clear': object({ port }, ['port']),
}
