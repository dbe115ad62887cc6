import { changeClasses } from './group.js'
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
  acceptsSinglePointOfLoss: { const: true },
}

/** As a proposal says it: whole. */
export const group = object(members, ['solo', 'voters', 'threshold', 'minControllers'])

/** As people ask for it: `default-group.ts` says what the rest is. */
export const groupRequest = object(members, ['voters'])
