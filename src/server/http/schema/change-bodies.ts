import type { JsonBody } from '../../operations.js'
import { alias, arrayOf, dnsName, instant, object, region, text } from './common.js'
import { envelope } from './envelope.js'
import { bodyOf, type JsonSchema } from './json-schema.js'

const owner = object({ controller: text(200), contact: text(200) }, ['controller'])

/** Label keys and values as Kubernetes has them, so that they can be projected. */
const labels: JsonSchema = {
  type: 'object',
  maxProperties: 32,
  propertyNames: { pattern: '^[a-z0-9A-Z](?:[a-z0-9A-Z._/-]{0,125}[a-z0-9A-Z])?$' },
  additionalProperties: {
    type: 'string',
    pattern: '^(?:[a-z0-9A-Z](?:[a-z0-9A-Z._-]{0,61}[a-z0-9A-Z])?)?$',
  },
}

const match: JsonSchema = {
  type: 'object',
  minProperties: 1,
  maxProperties: 16,
  propertyNames: { pattern: '^[a-zA-Z][a-zA-Z0-9._-]{0,62}$' },
  additionalProperties: { oneOf: [text(500), { ...arrayOf(text(500), 64), minItems: 1 }] },
}

const binding: JsonSchema = {
  type: 'object',
  discriminator: { propertyName: 'kind' },
  required: ['kind'],
  oneOf: [
    object({
      kind: { const: 'k8s' },
      cluster: alias,
      namespace: { type: 'string', pattern: '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$' },
      serviceAccount: dnsName,
    }),
    object({ kind: { const: 'vm' }, attestor: text(63), match }),
    object({ kind: { const: 'edge' }, attestor: text(63), device: text(200), fleet: text(200) }, [
      'kind',
      'attestor',
      'device',
    ]),
  ],
}

const cluster = object(
  {
    identityTrustDomain: dnsName,
    controlPlaneNamespace: { type: 'string', pattern: '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$' },
    issuer: text(500),
    audience: text(200),
    validation: { enum: ['online', 'offline', 'both'] },
    tokenReview: {
      oneOf: [
        object({ kubeconfig: text(1000), context: text(253) }, ['kubeconfig']),
        object({ inCluster: { const: true } }),
      ],
    },
    jwks: {
      oneOf: [
        object({ file: text(1000) }),
        object({ url: { ...text(1000), pattern: '^https://[!-~]+$' } }),
        object({ discovery: { const: true } }),
      ],
    },
  },
  ['identityTrustDomain', 'controlPlaneNamespace', 'issuer', 'audience', 'validation'],
)

/** One operation: what it needs, and what it may have. All may say why. */
function change(
  op: string,
  needed: Readonly<Record<string, JsonSchema>>,
  optional: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema {
  return object(
    { op: { const: op }, ...needed, ...optional, reason: text(500), ticket: text(100) },
    ['op', ...Object.keys(needed)],
  )
}

const entryMembers = {
  envelope,
  bindings: arrayOf(binding, 100),
  labels,
  validUntil: instant,
}

export const changeBody = bodyOf<JsonBody>(
  {
    type: 'object',
    discriminator: { propertyName: 'op' },
    required: ['op'],
    oneOf: [
      change('scope.create', { alias }, { envelope }),
      change('scope.suspend', { alias }),
      change('scope.reactivate', { alias }),
      change('scope.retire', { alias }),
      change('entry.create', { alias, owner }, entryMembers),
      change('entry.suspend', { alias }),
      change('entry.reactivate', { alias }),
      change('entry.retire', { alias }),
      change('entry.update', { alias }, { owner, labels, validUntil: instant }),
      change('entry.rename', { alias, to: alias }),
      change('binding.add', { alias, binding }),
      change('binding.remove', { alias, binding: { type: 'string', pattern: '^b[a-z2-7]{12}$' } }),
      change('envelope.set', { alias: region, envelope }),
      change('cluster.register', { alias, cluster }),
      change('cluster.update', { alias, cluster }),
      change('cluster.remove', { alias }),
    ],
  },
  { op: 'entry.suspend', alias: 'payments/api', reason: 'decommissioned' },
)

/** The document has a schema of its own, `namespace.schema.json`, which the namespace applies. */
export const applyBody = bodyOf<{ readonly document: JsonBody; readonly dryRun: boolean }>(
  object({ document: { type: 'object' }, dryRun: { type: 'boolean' } }),
  { document: { apiVersion: 'capstan/v1', entries: [] }, dryRun: true },
)
