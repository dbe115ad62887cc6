import { keyAlgorithms } from '../core/key-algorithm.js'
import {
  attestorKinds,
  capabilityKinds,
  MAX_GRACE,
  MAX_TTL,
  sanKinds,
  usageKinds,
} from './envelope.js'
import { groupBodySchemas, groupRequestSchemas } from './group-schema.js'
import { MAX_GUARDS } from './guard/guard.js'
import { guard, guardBodySchemas, guardRequestSchemas } from './guard/guard-schema.js'
import {
  choiceId,
  ruleBodySchemas,
  ruleRequest,
  ruleRequestSchemas,
  splitRequest,
} from './rule/rule-schema.js'
import { MAX_RULES } from './rule/rule.js'
import { MAX_SPLITS } from './rule/split.js'
import {
  alias,
  anyAlias,
  dnsName,
  instant,
  instantSeconds,
  label,
  object,
  portRanges,
  regions,
  request,
  setOf,
  text,
  uid,
} from './schema-parts.js'

/** JSON Schema 2020-12 for everything that people and proposals say about governed objects. */
export const envelope = object({
  attestors: setOf(attestorKinds),
  maxTtl: { type: 'integer', minimum: 0, maximum: MAX_TTL, description: 'seconds' },
  keyAlgs: setOf(keyAlgorithms),
  usages: setOf(usageKinds),
  sanKinds: setOf(sanKinds),
  names: regions,
  clusters: {
    oneOf: [{ const: '*' }, { type: 'array', maxItems: 1000, items: text(200) }],
    description: '"*", or the clusters by alias',
  },
  mayCall: regions,
  mayAccept: regions,
  ports: portRanges,
  allowUnauthenticated: { type: 'boolean' },
  federate: { type: 'array', maxItems: 1000, items: uid },
  graceAfterExpiry: { type: 'integer', minimum: 0, maximum: MAX_GRACE, description: 'seconds' },
  capabilities: setOf(capabilityKinds),
})

export const owner = object({ controller: text(200), contact: text(200) }, ['controller'])

export const labels = {
  type: 'object',
  maxProperties: 50,
  propertyNames: { pattern: '^[a-z0-9][a-z0-9._/-]{0,62}$' },
  additionalProperties: { ...text(200), minLength: 0 },
}

const binding = (cluster: unknown, stored: Record<string, unknown> = {}) => ({
  oneOf: [
    object(
      { ...stored, kind: { const: 'k8s' }, cluster, namespace: label, serviceAccount: dnsName },
      [...Object.keys(stored), 'kind', 'cluster', 'namespace', 'serviceAccount'],
    ),
    object(
      {
        ...stored,
        kind: { const: 'vm' },
        attestor: label,
        match: {
          type: 'object',
          minProperties: 1,
          maxProperties: 20,
          propertyNames: { pattern: '^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$' },
          additionalProperties: { type: 'array', minItems: 1, maxItems: 100, items: text(200) },
        },
      },
      [...Object.keys(stored), 'kind', 'attestor', 'match'],
    ),
    object(
      { ...stored, kind: { const: 'edge' }, attestor: label, device: text(200), fleet: text(200) },
      [...Object.keys(stored), 'kind', 'attestor', 'device'],
    ),
  ],
})

/** As people write it: the cluster by alias. */
export const bindingRequest = binding(alias)
/** As it is stored: the cluster by uid, and its own id. */
export const storedBinding = binding(uid, { id: { type: 'string', pattern: '^b[a-z2-7]{12}$' } })

export const clusterFacts = object(
  {
    identityTrustDomain: dnsName,
    controlPlaneNamespace: label,
    issuer: { ...text(500), description: 'the exact iss of its service account tokens' },
    audience: { ...text(500), description: 'one audience, of this CA alone' },
    validation: { enum: ['online', 'offline', 'both'] },
    tokenReview: {
      oneOf: [
        object({ kubeconfig: text(1000), context: text(200) }, ['kubeconfig']),
        object({ inCluster: { const: true } }, ['inCluster']),
      ],
    },
    jwks: {
      oneOf: [
        object({ file: text(1000) }, ['file']),
        object({ url: { ...text(1000), pattern: '^https://' } }, ['url']),
        object({ discovery: { const: true } }, ['discovery']),
      ],
    },
  },
  ['identityTrustDomain', 'controlPlaneNamespace', 'issuer', 'audience', 'validation'],
)

export const requestSchemas: Readonly<Record<string, object>> = {
  'scope.create': request('scope.create', { envelope }),
  'scope.suspend': request('scope.suspend'),
  'scope.reactivate': request('scope.reactivate'),
  'scope.retire': request('scope.retire'),
  'entry.create': request(
    'entry.create',
    {
      owner,
      envelope,
      bindings: { type: 'array', maxItems: 100, items: bindingRequest },
      labels,
      validUntil: instant,
    },
    ['owner'],
  ),
  'entry.suspend': request('entry.suspend'),
  'entry.reactivate': request('entry.reactivate'),
  'entry.retire': request('entry.retire'),
  'entry.update': request('entry.update', {
    owner,
    labels,
    validUntil: { anyOf: [instant, { type: 'null' }] },
  }),
  'entry.rename': request('entry.rename', { to: alias }, ['to']),
  'binding.add': request('binding.add', { binding: bindingRequest }, ['binding']),
  'binding.remove': request('binding.remove', { binding: text(100) }, ['binding']),
  'envelope.set': request('envelope.set', { ...anyAlias, envelope }, ['envelope']),
  'cluster.register': request('cluster.register', { cluster: clusterFacts }, ['cluster']),
  'cluster.update': request('cluster.update', { cluster: clusterFacts }, ['cluster']),
  'cluster.remove': request('cluster.remove'),
  'brake.lift': request('brake.lift', { rule: choiceId }),
  ...groupRequestSchemas,
  ...ruleRequestSchemas,
  ...guardRequestSchemas,
}

/** The body of one signed change, by operation: references by uid, nothing left to look up. */
export const singleSchemas: Readonly<Record<string, object>> = {
  'scope.create': object({ envelope }, ['envelope']),
  'scope.suspend': object({}),
  'scope.reactivate': object({}),
  'scope.retire': object({}),
  'entry.create': object(
    {
      owner,
      envelope,
      bindings: { type: 'array', maxItems: 100, items: storedBinding },
      labels,
      validUntil: instantSeconds,
    },
    ['owner', 'envelope', 'bindings', 'labels'],
  ),
  'entry.suspend': object({}),
  'entry.reactivate': object({}),
  'entry.retire': object({}),
  'entry.update': object({
    owner,
    labels,
    validUntil: {
      anyOf: [instantSeconds, { type: 'null' }],
    },
  }),
  'entry.rename': object({ to: alias }, ['to']),
  'binding.add': object({ binding: storedBinding }, ['binding']),
  'binding.remove': object({ binding: text(100) }, ['binding']),
  'envelope.set': object({ envelope }, ['envelope']),
  'cluster.register': object({ cluster: clusterFacts }, ['cluster']),
  'cluster.update': object({ cluster: clusterFacts }, ['cluster']),
  'cluster.remove': object({}),
  'brake.lift': object({ rule: choiceId }),
  ...groupBodySchemas,
  ...ruleBodySchemas,
  ...guardBodySchemas,
}

const count = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }
const digest = { type: 'string', pattern: '^[0-9a-f]{64}$' }
const partBase = {
  oneOf: [
    { type: 'null' },
    object({ rev: count, head: digest }, ['rev', 'head']),
    object({ after: { type: 'integer', minimum: 0, maximum: 999 } }, ['after']),
  ],
}

/** Several of them together: each as it would be alone. `bodyOf`: the schema of one's body. */
export const changesBody = (bodyOf: (op: string) => object): object =>
  object(
    {
      changes: {
        type: 'array',
        minItems: 2,
        maxItems: 1000,
        items: {
          oneOf: Object.keys(singleSchemas).map((op) =>
            object(
              {
                op: { const: op },
                subject: object({ alias: { type: 'string', maxLength: 200 }, uid }, ['alias']),
                body: bodyOf(op),
                base: partBase,
              },
              ['op', 'subject', 'body', 'base'],
            ),
          ),
        },
      },
    },
    ['changes'],
  )

export const bodySchemas: Readonly<Record<string, object>> = {
  ...singleSchemas,
  changes: changesBody((op) => singleSchemas[op] ?? {}),
}

const described = (item: object, description: string) => ({ description, ...item })

/** The file of `capstan apply -f`. Ships as `schema/namespace.schema.json`. */
export const documentSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Capstan namespace document',
  description:
    'Scopes, clusters and entries as they shall be; capstan apply makes the difference so',
  ...object(
    {
      apiVersion: { const: 'capstan/v1' },
      scopes: {
        type: 'array',
        maxItems: 10_000,
        items: described(
          object(
            {
              alias,
              envelope,
              guards: {
                ...{ type: 'array', maxItems: MAX_GUARDS, items: guard },
                description: 'all of them; they stay as they are where this is left out',
              },
            },
            ['alias'],
          ),
          'a region of names with its limits',
        ),
      },
      clusters: {
        type: 'array',
        maxItems: 1000,
        items: described(
          {
            ...clusterFacts,
            properties: { alias, ...clusterFacts.properties },
            required: ['alias', ...clusterFacts.required],
          },
          'a Kubernetes cluster whose service accounts may be bound',
        ),
      },
      entries: {
        type: 'array',
        maxItems: 100_000,
        items: described(
          object(
            {
              alias,
              owner,
              envelope,
              bindings: { type: 'array', maxItems: 100, items: bindingRequest },
              labels,
              validUntil: instant,
              state: { enum: ['active', 'suspended'] },
              rules: {
                ...{ type: 'array', maxItems: MAX_RULES, items: ruleRequest },
                description: 'all of them; they stay as they are where this is left out',
              },
              splits: {
                ...{ type: 'array', maxItems: MAX_SPLITS, items: splitRequest },
                description: 'all of them; they stay as they are where this is left out',
              },
            },
            ['alias', 'owner'],
          ),
          'one governed identity',
        ),
      },
      prune: { type: 'boolean', description: 'retire entries that are not in this document' },
    },
    ['apiVersion'],
  ),
} as const
