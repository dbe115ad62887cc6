import { changeClasses } from './group.js'
import { LONGEST_DELAY, SHORTEST_DELAY } from './recovery/recovery.js'
import { instantSeconds, label, object, text } from './schema-parts.js'

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
  acceptsSinglePointOfLoss: { const: true },
}

/** With a delay of its own, or the usual one; null takes away what there is. */
const recoveryRequest = {
  oneOf: [object(recovery.properties, ['holders', 'threshold']), { type: 'null' }],
  description: recovery.description,
}

/** As a proposal says it: whole. */
export const group = object(members, ['solo', 'voters', 'threshold', 'minControllers'])

/** As people ask for it: `default-group.ts` says what the rest is. */
export const groupRequest = object({ ...members, recovery: recoveryRequest }, ['voters'])
