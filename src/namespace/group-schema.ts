import { regionPattern } from '../core/alias.js'
import {
  emergencyActs,
  LONGEST_COOL_DOWN,
  LONGEST_USE,
  MOST_GRANTS,
  MOST_USES,
  SHORTEST_COOL_DOWN,
} from './emergency/emergency.js'
import { changeClasses } from './group.js'
import { LONGEST_DELAY, SHORTEST_DELAY } from './recovery/recovery.js'
import { choiceId } from './rule/rule-schema.js'
import {
  anyAlias,
  instantSeconds,
  label,
  object,
  recordNumber,
  request,
  setOf,
  text,
} from './schema-parts.js'

const coordinate = { type: 'string', pattern: '^[A-Za-z0-9_-]{43}$' }
const voterKey = {
  ...object(
    {
      alg: { enum: ['Ed25519', 'ES256'] },
      jwk: {
        oneOf: [
          object({ crv: { const: 'Ed25519' }, kty: { const: 'OKP' }, x: coordinate }, [
            'crv',
            'kty',
            'x',
          ]),
          object({ crv: { const: 'P-256' }, kty: { const: 'EC' }, x: coordinate, y: coordinate }, [
            'crv',
            'kty',
            'x',
            'y',
          ]),
        ],
      },
      thumbprint: coordinate,
      from: instantSeconds,
      until: instantSeconds,
      proof: { type: 'string', pattern: '^[A-Za-z0-9_-]{86}$' },
    },
    ['alg', 'jwk', 'thumbprint', 'from'],
  ),
  description: 'as capstan voter enrol prints it',
}
const proposer = {
  id: label,
  controller: { ...text(200), description: 'the person or organisation: they count once' },
  keys: { type: 'array', minItems: 1, maxItems: 8, items: voterKey },
}
/** Of a recovery set. */
export const holder = object(proposer, ['id', 'controller', 'keys'])

const recovery = {
  ...object(
    {
      holders: { type: 'array', minItems: 1, maxItems: 32, items: holder },
      threshold: { type: 'integer', minimum: 1, maximum: 32 },
      delay: {
        type: 'integer',
        minimum: SHORTEST_DELAY,
        maximum: LONGEST_DELAY,
        description: 'seconds',
      },
    },
    ['holders', 'threshold', 'delay'],
  ),
  description: 'who may replace the voters when they are lost: with keys of their own',
}
const emergency = object(
  {
    holders: { type: 'array', minItems: 1, maxItems: 32, items: holder },
    grants: {
      type: 'array',
      minItems: 1,
      maxItems: MOST_GRANTS,
      items: object(
        {
          name: choiceId,
          acts: { ...setOf(emergencyActs), minItems: 1 },
          under: { type: 'string', maxLength: 200, pattern: regionPattern() },
          who: { type: 'array', minItems: 1, maxItems: 32, uniqueItems: true, items: label },
          threshold: { type: 'integer', minimum: 1, maximum: 32 },
          longest: { type: 'integer', minimum: 60, maximum: LONGEST_USE, description: 'seconds' },
          coolDown: {
            type: 'integer',
            minimum: SHORTEST_COOL_DOWN,
            maximum: LONGEST_COOL_DOWN,
            description: 'seconds from the end of one use to the next',
          },
          uses: { type: 'integer', minimum: 1, maximum: MOST_USES },
        },
        ['name', 'acts', 'under', 'who', 'threshold', 'longest', 'coolDown', 'uses'],
      ),
    },
  },
  ['grants'],
)
const ofEachClass = (value: object) =>
  object(Object.fromEntries(changeClasses.map((name) => [name, value])), changeClasses)

const members = {
  solo: { type: 'boolean', description: 'one voter may decide alone' },
  voters: {
    type: 'array',
    minItems: 1,
    maxItems: 32,
    items: object(
      {
        ...proposer,
        weight: { type: 'integer', minimum: 1, maximum: 1000 },
        status: { enum: ['active', 'suspended'] },
      },
      ['id', 'controller', 'keys', 'weight', 'status'],
    ),
  },
  threshold: ofEachClass({ type: 'integer', minimum: 1, maximum: 32_000 }),
  minControllers: ofEachClass({ type: 'integer', minimum: 1, maximum: 32 }),
  timelock: object(
    Object.fromEntries(
      changeClasses.map((name) => [name, { type: 'integer', minimum: 0, maximum: 2_592_000 }]),
    ),
  ),
  brake: object(
    {
      ttl: { type: 'integer', minimum: 60, maximum: 86_400, description: 'seconds' },
      perWeek: { type: 'integer', minimum: 1, maximum: 100 },
    },
    ['ttl', 'perWeek'],
  ),
  proposers: {
    type: 'array',
    maxItems: 32,
    items: object(proposer, ['id', 'controller', 'keys']),
  },
  recovery,
  emergency,
  acceptsSinglePointOfLoss: { const: true },
}

/** With a delay of its own, or the usual one; null takes away what there is. */
const recoveryRequest = {
  oneOf: [object(recovery.properties, ['holders', 'threshold']), { type: 'null' }],
  description: recovery.description,
}

const emergencyRequest = {
  oneOf: [emergency, { type: 'null' }],
  description: 'what some may do at once for a while; null takes away what there is',
}

/** As a proposal says it: whole. */
export const group = object(members, ['solo', 'voters', 'threshold', 'minControllers'])

/** As people ask for it: `default-group.ts` says what the rest is. */
export const groupRequest = object(
  { ...members, recovery: recoveryRequest, emergency: emergencyRequest },
  ['voters'],
)

/** What is asked about a group. */
export const groupRequestSchemas = {
  'group.set': request(
    'group.set',
    { ...anyAlias, group: groupRequest, intervene: { const: true } },
    ['group'],
  ),
  'voter.reinstate': request('voter.reinstate', { ...anyAlias, voter: label }, ['voter']),
  'emergency.ratify': request('emergency.ratify', { ...anyAlias, use: recordNumber }, ['use']),
}

export const groupBodySchemas = {
  'group.set': object({ group }, ['group']),
  'voter.reinstate': object({ voter: label }, ['voter']),
  'emergency.ratify': object({ use: recordNumber }, ['use']),
}
