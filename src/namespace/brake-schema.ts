import { regionPattern } from '../core/alias.js'
import { choiceId } from './rule/rule-schema.js'
import { instantSeconds, label, object, text, uid } from './schema-parts.js'
import { count, digest, revision, voterId } from './statement-schema.js'

const region = { type: 'string', maxLength: 200, pattern: regionPattern() }

/** A brake, as a person asks for it. */
export const brakeRequestSchema = object(
  {
    alias: region,
    rule: { ...choiceId, description: 'of an entry: this rule of it alone' },
    voter: { ...label, description: 'of a scope: this voter of its group' },
    ttl: { type: 'integer', minimum: 60, maximum: 86_400, description: 'seconds' },
    reason: text(500),
    ticket: text(200),
  },
  ['alias', 'ttl'],
)

/** And as it is signed: closed, so that nothing is signed that nobody reads. */
export const brakeSchema = object(
  {
    v: { const: 1 },
    index: text(64),
    subject: object({ alias: region, uid }, ['alias', 'uid']),
    base: object({ rev: count, head: digest }, ['rev', 'head']),
    rule: choiceId,
    voter: voterId,
    scope: revision,
    voters: { type: 'array', minItems: 1, maxItems: 32, uniqueItems: true, items: voterId },
    ttl: { type: 'integer', minimum: 60, maximum: 86_400, description: 'seconds' },
    reason: text(500),
    ticket: text(200),
    created: instantSeconds,
    expires: instantSeconds,
    nonce: { type: 'string', pattern: '^[0-9a-f]{32}$' },
  },
  [...['v', 'index', 'subject', 'base', 'scope', 'voters', 'ttl', 'created', 'expires'], 'nonce'],
)
