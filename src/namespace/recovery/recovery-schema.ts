import { regionPattern } from '../../core/alias.js'
import { group, holder } from '../group-schema.js'
import { instantSeconds, object, text, uid } from '../schema-parts.js'
import { count, digest, voterId } from '../statement-schema.js'

const region = { type: 'string', maxLength: 200, pattern: regionPattern() }

const { recovery: _set, emergency: _grants, ...terms } = group.properties

/** A group as a recovery says it: whole, but for the recovery set, which stays, and without emergency grants. */
export const recoveredGroup = object(terms, group.required)

const common = {
  v: { const: 1 },
  index: text(64),
  subject: object({ alias: region, uid }, ['alias', 'uid']),
  reason: text(500),
  ticket: text(200),
  created: instantSeconds,
  expires: instantSeconds,
  nonce: { type: 'string', pattern: '^[0-9a-f]{32}$' },
}
const ofCommon = ['v', 'index', 'subject', 'created', 'expires', 'nonce']
const signers = { type: 'array', minItems: 1, maxItems: 32, uniqueItems: true, items: voterId }

/** What a recovery set signs: closed, so that nothing is signed that nobody reads. */
export const recoverySchema = object(
  {
    ...common,
    base: object({ rev: count, head: digest }, ['rev', 'head']),
    from: count,
    group: recoveredGroup,
    holders: signers,
  },
  [...ofCommon, 'base', 'from', 'group', 'holders'],
)

/** And what the voters sign who stop it. */
export const cancellationSchema = object(
  { ...common, recovery: digest, from: count, voters: signers },
  [...ofCommon, 'recovery', 'from', 'voters'],
)

/** As the state has it. */
export const recoveryMark = object(
  {
    statement: digest,
    record: count,
    from: count,
    holders: { type: 'array', minItems: 1, maxItems: 32, items: holder.properties['id'] },
    since: instantSeconds,
    due: instantSeconds,
    cancelled: object({ at: instantSeconds, again: instantSeconds }, ['at', 'again']),
    finished: instantSeconds,
  },
  ['statement', 'record', 'from', 'holders', 'since', 'due'],
)
