import { alias, object } from './scalars.js'
import { bodyOf, type JsonSchema } from './json-schema.js'

/** PEM, or base64 of the DER; what it says is for the use case to judge. */
const encoded: JsonSchema = { type: 'string', minLength: 1, maxLength: 49_152 }
/** Printable ASCII without spaces. */
const secretText: JsonSchema = { type: 'string', maxLength: 8192, pattern: '^[!-~]+$' }
/** Seconds. The entry's own ceiling stands. */
const ttlSeconds: JsonSchema = { type: 'integer', minimum: 1, maximum: 86_400 }

/** A CSR that verifies: whoever tries the example gets as far as the evidence. */
const EXAMPLE_CSR =
  'MIG6MGICAQAwADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABDpDfOw3oyeMtUJrI2zF+1EGZkqwWRM6ahhExzVC' +
  'adAUpmZeNWvKdyOxy5OrEYdXRY/WaTRfwxuM4b6YNgGZHN2gADAKBggqhkjOPQQDAgNIADBFAiEAqzNuNlWeWVLC' +
  'Gp9zAiQzRDnpnW1n6PourZo4S/2D6BICIA+mba6m3XX9kue2P9uJcH7NrnLyDNRyLr8XPIStotNj'

/** A trust anchor of nobody's. */
const EXAMPLE_CERTIFICATE =
  'MIIBtzCCAV2gAwIBAgIQWFlGiMj56GIvLrcQygk5dzAKBggqhkjOPQQDAjArMSkwJwYDVQQDDCBzdC5leGFtcGxl' +
  'IHJvb3QgMmYyZGVkZGE0Y2VhMjMxNzAeFw0yNjExMjExMDM5MzNaFw0zNjExMTgxMDQxMzJaMCsxKTAnBgNVBAMM' +
  'IHN0LmV4YW1wbGUgcm9vdCAyZjJkZWRkYTRjZWEyMzE3MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1Qw5fWNT' +
  'l/1hx3bIew1uBsULwZZRP694IbvUFt9tnXK3dkT+RmkI3Wj1y3rqE7ZOLUmJEILY4K0XoQYGy/h5c6NjMGEwDwYD' +
  'VR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYwHQYDVR0OBBYEFC8t7dpM6iMXxiQE127nOBUHU4GzMB8GA1Ud' +
  'IwQYMBaAFC8t7dpM6iMXxiQE127nOBUHU4GzMAoGCCqGSM49BAMCA0gAMEUCIEX2QuBJOtlKXX8KPeH5xFeTeaer' +
  'hZIWHc+Xk3v40cP/AiEA930xU4wmrc52Gx7XlwLj0kNpr4qJtjGOEeGc9CoKXuk='

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
  { certificate: EXAMPLE_CERTIFICATE },
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

/** As people paste it: either case, with or without colons. */
const typedSerial: JsonSchema = {
  type: 'string',
  pattern: '^(?:0x)?[0-9a-fA-F]{2}(?::?[0-9a-fA-F]{2}){15}$',
}

export const revocationBody = bodyOf<{
  readonly serial?: string
  readonly entry?: string
  readonly reason?: (typeof revocationReasons)[number]
}>(
  {
    ...object({ serial: typedSerial, entry: alias, reason: { enum: [...revocationReasons] } }, []),
    oneOf: [{ required: ['serial'] }, { required: ['entry'] }],
  },
  { entry: 'payments/api', reason: 'keyCompromise' },
)
