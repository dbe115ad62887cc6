import { regionPattern } from '../../core/alias.js'
import { choiceId, storedRule } from '../rule/rule-schema.js'
import { instantSeconds, object, text, uid } from '../schema-parts.js'
import { count, digest, revision, voterId } from '../statement-schema.js'
import { emergencyActs, LONGEST_USE } from './emergency.js'

const region = { type: 'string', maxLength: 200, pattern: regionPattern() }
const { ports, proto, routes } = storedRule.properties

/** The one call that `allow` allows: as a rule says it, of one caller. */
const call = object(
  { caller: { type: 'string', pattern: '^e[a-z2-7]{31}$' }, ports, proto, routes },
  ['caller', 'ports', 'proto'],
)

/** What holders and voters of a grant sign to use it: closed, so that nothing is signed that nobody reads. */
export const invocationSchema = object(
  {
    v: { const: 1 },
    index: text(64),
    scope: revision,
    grant: choiceId,
    act: { enum: emergencyActs },
    subject: object({ alias: region, uid }, ['alias', 'uid']),
    base: object({ rev: count, head: digest }, ['rev', 'head']),
    call,
    ttl: { type: 'integer', minimum: 60, maximum: LONGEST_USE, description: 'seconds' },
    by: { type: 'array', minItems: 1, maxItems: 32, uniqueItems: true, items: voterId },
    drill: { const: true },
    reason: text(500),
    ticket: text(200),
    created: instantSeconds,
    expires: instantSeconds,
    nonce: { type: 'string', pattern: '^[0-9a-f]{32}$' },
  },
  [
    ...['v', 'index', 'scope', 'grant', 'act', 'subject', 'base', 'ttl', 'by', 'reason'],
    ...['created', 'expires', 'nonce'],
  ],
)

/** As the state has it, on an entry or a rule. */
export const emergencyMark = object({ grant: choiceId, until: instantSeconds }, ['grant', 'until'])
