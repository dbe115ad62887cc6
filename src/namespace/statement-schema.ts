import { decisions } from './ballot.js'
import { bodySchemas, envelope } from './schema.js'
import { instantSeconds, object, text, uid } from './schema-parts.js'

export const statementType = 'https://in-toto.io/Statement/v1'
export const votePredicate = 'urn:capstan:vote:v1'

/** JSON Schema 2020-12 for what is signed: closed, so that nothing is signed that nobody reads. */
export const digest = { type: 'string', pattern: '^[0-9a-f]{64}$' }
export const count = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }
export const voterId = { type: 'string', pattern: '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$' }
export const revision = object({ uid, rev: count }, ['uid', 'rev'])
const author = object({ kind: { enum: ['voter', 'proposer'] }, id: voterId }, ['kind', 'id'])

export const proposalSchema = object(
  {
    v: { const: 1 },
    index: text(64),
    op: { enum: Object.keys(bodySchemas) },
    // What is no alias is refused by name, not by shape.
    subject: object({ alias: { type: 'string', maxLength: 200 }, uid: text(32) }, ['alias']),
    body: { type: 'object' },
    base: { oneOf: [{ type: 'null' }, object({ rev: count, head: digest }, ['rev', 'head'])] },
    scope: revision,
    author,
    reads: { type: 'array', maxItems: 64, items: revision },
    reason: text(500),
    ticket: text(200),
    created: instantSeconds,
    expires: instantSeconds,
    nonce: { type: 'string', pattern: '^[0-9a-f]{32}$' },
  },
  ['v', 'index', 'op', 'subject', 'body', 'base', 'scope', 'author', 'created', 'expires', 'nonce'],
)

export const voteSchema = object(
  {
    _type: { const: statementType },
    predicateType: { const: votePredicate },
    subject: {
      type: 'array',
      minItems: 1,
      maxItems: 1,
      items: object({ name: text(42), digest: object({ sha256: digest }, ['sha256']) }, [
        'name',
        'digest',
      ]),
    },
    predicate: object(
      {
        index: text(64),
        scope: revision,
        slot: object({ id: { type: 'string', maxLength: 206 }, rev: count }, ['id', 'rev']),
        voter: voterId,
        decision: { enum: decisions },
        seq: { type: 'integer', minimum: 1, maximum: 1_000_000 },
        cast: instantSeconds,
        log: object({ size: count, head: digest }, ['size', 'head']),
        issuedUntil: { oneOf: [{ type: 'null' }, instantSeconds] },
        impact: digest,
      },
      ['index', 'scope', 'slot', 'voter', 'decision', 'seq', 'cast', 'log'],
    ),
  },
  ['_type', 'predicateType', 'subject', 'predicate'],
)

export const withdrawalSchema = object(
  { v: { const: 1 }, index: text(64), proposal: digest, author, at: instantSeconds },
  ['v', 'index', 'proposal', 'author', 'at'],
)

/** No more than it takes to look at it: the fold accepts one group alone, octet for octet. */
const genesisGroup = {
  type: 'object',
  required: ['rev', 'voters', 'threshold', 'minControllers'],
  properties: {
    rev: count,
    threshold: { type: 'object' },
    minControllers: { type: 'object' },
    voters: {
      type: 'array',
      items: {
        type: 'object',
        required: ['id', 'controller', 'keys', 'weight'],
        properties: {
          id: { type: 'string' },
          controller: { type: 'string' },
          weight: count,
          keys: {
            type: 'array',
            items: {
              type: 'object',
              required: ['jwk', 'from'],
              properties: {
                jwk: {
                  type: 'object',
                  required: ['kty', 'x'],
                  properties: { kty: { enum: ['OKP', 'EC'] }, x: { type: 'string' } },
                },
                from: count,
              },
            },
          },
        },
      },
    },
  },
}

export const genesisSchema = object(
  {
    v: { const: 1 },
    trustDomain: text(253),
    log: text(1200),
    group: genesisGroup,
    envelope,
    created: instantSeconds,
    nonce: text(64),
  },
  ['v', 'trustDomain', 'group', 'envelope', 'created', 'nonce'],
)
