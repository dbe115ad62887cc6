import { brakeSchema } from '../namespace/brake-schema.js'
import { invocationSchema } from '../namespace/emergency/emergency-schema.js'
import { cancellationSchema, recoverySchema } from '../namespace/recovery/recovery-schema.js'
import { bodySchemas, changesBody, clusterFacts } from '../namespace/schema.js'
import { alias, instantSeconds, object } from '../namespace/schema-parts.js'
import {
  genesisSchema,
  proposalSchema,
  voteSchema,
  withdrawalSchema,
} from '../namespace/statement-schema.js'
import { storedEntry, storedScope } from './object-schema.js'

const storedCluster = object(
  {
    ...clusterFacts.properties,
    kind: { const: 'cluster' },
    uid: { type: 'string', pattern: '^c[a-z2-7]{31}$' },
    alias,
    state: { enum: ['active', 'retired'] },
    rev: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
    createdAt: instantSeconds,
  },
  [...clusterFacts.required, 'kind', 'uid', 'alias', 'state', 'rev', 'createdAt'],
)

const nameOf = (op: string): string => `body:${op}`

const bodies = Object.entries(bodySchemas).map(([op, body]) => [nameOf(op), body] as const)

/** Of several changes together: the bodies are those that stand here already. */
const changes = changesBody((op) => ({ $ref: `#/$defs/${nameOf(op)}` }))

/**
 * Members of everything that is signed about an index, and of the objects of its state, for verifiers
 * in other languages (docs/format.md). Ships as `schema/index.schema.json`, made of what is applied here.
 */
export const formatSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Statements and objects of a Capstan index',
  $defs: {
    genesis: genesisSchema,
    proposal: proposalSchema,
    vote: voteSchema,
    withdrawal: withdrawalSchema,
    brake: brakeSchema,
    emergency: invocationSchema,
    recovery: recoverySchema,
    cancellation: cancellationSchema,
    ...Object.fromEntries(bodies),
    [nameOf('changes')]: changes,
    'object:entry': storedEntry,
    'object:scope': storedScope,
    'object:cluster': storedCluster,
  },
}
