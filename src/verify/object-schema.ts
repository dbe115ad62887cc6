import { regionPattern } from '../core/alias.js'
import { emergencyMark } from '../namespace/emergency/emergency-schema.js'
import { group } from '../namespace/group-schema.js'
import { guard } from '../namespace/guard/guard-schema.js'
import { recoveryMark } from '../namespace/recovery/recovery-schema.js'
import { storedRule, storedSplit } from '../namespace/rule/rule-schema.js'
import { envelope, labels, owner, storedBinding } from '../namespace/schema.js'
import { alias, instantSeconds, object, type ObjectSchema } from '../namespace/schema-parts.js'

/**
 * JSON Schema 2020-12 for objects as the state has them, without `head`. Closed: a member of a later
 * version might take something away, and whoever does not know it must not allow anything.
 */
const revision = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER }
const uidOf = (letter: 'e' | 's') => ({ type: 'string', pattern: `^${letter}[a-z2-7]{31}$` })

const brake = object({ until: instantSeconds }, ['until'])

const brakeableGroup: ObjectSchema = object(
  { ...group.properties, voters: withBrakes(group.properties['voters'] as ListSchema) },
  group.required,
)

const granted = ({ properties, required }: ObjectSchema): ObjectSchema =>
  object({ ...properties, emergency: emergencyMark }, required)

const brakeable = ({ properties, required }: ObjectSchema): ObjectSchema =>
  object({ ...properties, brake }, required)

interface ListSchema {
  readonly items: ObjectSchema
}

function withBrakes({ items, ...list }: ListSchema): object {
  return { ...list, items: object({ ...items.properties, brake }, items.required) }
}

/** As a proposal says it, with the revision that the state adds. */
const withRevision = ({ properties, required }: ObjectSchema): ObjectSchema =>
  object({ ...properties, rev: revision }, [...required, 'rev'])

export const storedEntry = object(
  {
    kind: { const: 'entry' },
    uid: uidOf('e'),
    alias,
    state: { enum: ['active', 'suspended', 'retiring'] },
    rev: revision,
    owner,
    envelope,
    bindings: { type: 'array', maxItems: 1000, items: storedBinding },
    rules: { type: 'array', maxItems: 1000, items: withRevision(granted(brakeable(storedRule))) },
    splits: { type: 'array', minItems: 1, maxItems: 65_535, items: storedSplit },
    labels,
    validUntil: instantSeconds,
    drainUntil: instantSeconds,
    brake,
    emergency: emergencyMark,
    held: { const: true },
    heldUntil: instantSeconds,
    createdAt: instantSeconds,
  },
  [
    ...['kind', 'uid', 'alias', 'state', 'rev', 'owner', 'envelope', 'bindings', 'rules'],
    ...['labels', 'createdAt'],
  ],
)

export const storedScope = object(
  {
    kind: { const: 'scope' },
    uid: uidOf('s'),
    alias: { type: 'string', maxLength: 200, pattern: regionPattern() },
    state: { enum: ['active', 'suspended', 'retired'] },
    rev: revision,
    envelope,
    guards: { type: 'array', minItems: 1, maxItems: 100, items: guard },
    group: { oneOf: [{ type: 'null' }, withRevision(brakeableGroup)] },
    brake,
    recovery: recoveryMark,
    createdAt: instantSeconds,
  },
  ['kind', 'uid', 'alias', 'state', 'rev', 'envelope', 'group', 'createdAt'],
)
