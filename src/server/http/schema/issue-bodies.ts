import { alias, object, text } from './common.js'
import { bodyOf, type JsonSchema } from './json-schema.js'

/** PEM, or base64 of the DER; what it says is for the use case to judge. */
const encoded: JsonSchema = { type: 'string', minLength: 1, maxLength: 49_152 }
/** Printable ASCII without spaces. */
const secretText: JsonSchema = { type: 'string', maxLength: 8192, pattern: '^[!-~]+$' }
/** Seconds. The entry's own ceiling stands. */
const ttlSeconds: JsonSchema = { type: 'integer', minimum: 1, maximum: 86_400 }

const EXAMPLE_CSR =
  '-----BEGIN CERTIFICATE REQUEST-----\nMIHu...\n-----END CERTIFICATE REQUEST-----\n'

export type EvidenceJson =
  | { readonly kind: 'join-token'; readonly token: string }
  | { readonly kind: 'kubernetes'; readonly token: string; readonly cluster?: string }

export const issueBody = bodyOf<{
  readonly csr: string
  readonly evidence: EvidenceJson
  readonly challenge?: string
  readonly ttlSeconds?: number
}>(
  object(
    {
      csr: encoded,
      evidence: {
        type: 'object',
        discriminator: { propertyName: 'kind' },
        required: ['kind'],
        oneOf: [
          object({ kind: { const: 'join-token' }, token: secretText }),
          object({ kind: { const: 'kubernetes' }, token: secretText, cluster: alias }, [
            'kind',
            'token',
          ]),
        ],
      },
      challenge: { type: 'string', pattern: '^ch[a-z2-7]{26}$' },
      ttlSeconds,
    },
    ['csr', 'evidence'],
  ),
  { csr: EXAMPLE_CSR, evidence: { kind: 'join-token', token: 'jt1.abcdefghijklmnop.c2VjcmV0' } },
)

export const renewBody = bodyOf<{ readonly csr: string; readonly ttlSeconds?: number }>(
  object({ csr: encoded, ttlSeconds }, ['csr']),
  { csr: EXAMPLE_CSR },
)

export const inspectBody = bodyOf<{ readonly certificate: string }>(
  object({ certificate: encoded }),
  { certificate: '-----BEGIN CERTIFICATE-----\nMIIB...\n-----END CERTIFICATE-----\n' },
)

export const tokenBody = bodyOf<{ readonly alias: string; readonly ttlSeconds: number }>(
  object({ alias, ttlSeconds }),
  { alias: 'payments/api', ttlSeconds: 600 },
)

export const revocationReasons = [
  'unspecified',
  'keyCompromise',
  'superseded',
  'cessationOfOperation',
] as const

export const revocationBody = bodyOf<{
  readonly serial?: string
  readonly entry?: string
  readonly reason?: (typeof revocationReasons)[number]
}>(
  {
    ...object({ serial: text(80), entry: alias, reason: { enum: [...revocationReasons] } }, []),
    oneOf: [{ required: ['serial'] }, { required: ['entry'] }],
  },
  { entry: 'payments/api', reason: 'keyCompromise' },
)
