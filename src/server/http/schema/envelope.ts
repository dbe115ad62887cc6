import { arrayOf, keyAlgorithm, object, region } from './common.js'
import type { JsonSchema } from './json-schema.js'

const port: JsonSchema = { type: 'integer', minimum: 0, maximum: 65_535 }
const uids = arrayOf({ type: 'string', pattern: '^[sec][a-z2-7]{31}$' }, 1000)
const regions = arrayOf(region, 1000)
const usage: JsonSchema = { enum: ['serverAuth', 'clientAuth'] }
const sanKind: JsonSchema = { enum: ['dns-linkerd', 'dns-entry', 'spiffe'] }
const attestor: JsonSchema = { enum: ['kubernetes', 'join-token', 'vm', 'edge'] }

/** What may be done in a region of names. An absent member allows nothing. */
export const envelope: JsonSchema = object(
  {
    attestors: arrayOf(attestor, 16),
    /** Seconds. */
    maxTtl: { type: 'integer', minimum: 0, maximum: 86_400 },
    keyAlgs: arrayOf(keyAlgorithm, 8),
    usages: arrayOf(usage, 2),
    sanKinds: arrayOf(sanKind, 8),
    names: regions,
    clusters: { oneOf: [{ const: '*' }, uids] },
    mayCall: regions,
    mayAccept: regions,
    ports: arrayOf(
      { type: 'array', prefixItems: [port, port], items: false, minItems: 2, maxItems: 2 },
      100,
    ),
    allowUnauthenticated: { type: 'boolean' },
    federate: uids,
    /** Seconds after its end in which a certificate may still renew; 90 days at most. */
    graceAfterExpiry: { type: 'integer', minimum: 0, maximum: 7_776_000 },
    capabilities: arrayOf({ enum: ['reader'] }, 8),
  },
  [],
)
