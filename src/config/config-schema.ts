import { logFormats, logLevels } from './config.js'

/** The part of JSON Schema (2020-12) that the configuration uses. */
export interface ConfigNode {
  readonly type?: 'object' | 'string' | 'integer' | 'array'
  readonly description: string
  /** What was wanted, for a person. */
  readonly wanted?: string
  readonly default?: string | number | readonly string[]
  readonly properties?: Readonly<Record<string, ConfigNode>>
  readonly additionalProperties?: false
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly items?: {
    readonly type: 'string'
    readonly minLength: number
    readonly maxLength: number
  }
  readonly enum?: readonly string[]
  readonly anyOf?: readonly Readonly<Record<string, unknown>>[]
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly maxItems?: number
  readonly minimum?: number
  readonly maximum?: number
}

const object = (
  description: string,
  properties: Readonly<Record<string, ConfigNode>>,
): ConfigNode => ({
  type: 'object',
  description,
  additionalProperties: false,
  properties,
})

const path = (description: string, byDefault?: string): ConfigNode => ({
  type: 'string',
  description,
  wanted: 'a path (relative to the configuration file)',
  minLength: 1,
  maxLength: 4096,
  ...(byDefault === undefined ? {} : { default: byDefault }),
})

const variable = (description: string): ConfigNode => ({
  type: 'string',
  description,
  wanted: 'the name of an environment variable (its name, not its value)',
  pattern: '^[A-Za-z_][A-Za-z0-9_]{0,127}$',
})

const listen = (description: string, byDefault: string): ConfigNode => ({
  type: 'string',
  description,
  wanted: 'ADDRESS:PORT with a literal address such as 0.0.0.0:8443 or [::]:8443, or off',
  pattern: '^(off|(localhost|[0-9.]{7,15}|\\[[0-9a-fA-F:.]{2,45}\\]):[0-9]{1,5})$',
  default: byDefault,
})

const duration = (description: string, byDefault: string): ConfigNode => ({
  type: 'string',
  description,
  wanted: 'a duration such as 30s, 10m, 24h or 7d',
  pattern: '^[1-9][0-9]{0,8}[smhd]$',
  default: byDefault,
})

const count = (
  description: string,
  byDefault: number,
  [minimum, maximum]: readonly [number, number],
): ConfigNode => ({
  type: 'integer',
  description,
  wanted: `a whole number from ${minimum} to ${maximum}`,
  minimum,
  maximum,
  default: byDefault,
})

const oneOf = (description: string, values: readonly string[], byDefault: string): ConfigNode => ({
  type: 'string',
  description,
  wanted: `one of ${values.join(', ')}`,
  enum: values,
  default: byDefault,
})

const kek: ConfigNode = {
  ...object(
    'Where the key-encryption key (KEK) comes from; it seals every private key in the data folder. Exactly one of these.',
    {
      file: path('A file with the 32-octet key: raw, hex or base64.'),
      env: variable('An environment variable with the 32-octet key, hex or base64.'),
      passphraseFile: path('A file with a passphrase; the key is derived from it by scrypt.'),
      passphraseEnv: variable('An environment variable with a passphrase.'),
    },
  ),
  wanted: 'exactly one of file, env, passphraseFile, passphraseEnv',
  minProperties: 1,
  maxProperties: 1,
}

/** The one description of the configuration file. `schema/config.schema.json` is this, as a file. */
export const configSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Capstan configuration',
  ...object('The configuration of one Capstan server.', {
    dataDir: path(
      "Folder of the store, the sealed keys and the operators' socket. Made by `capstan init`.",
      '.capstan',
    ),
    keys: object('Private keys at rest.', { kek }),
    server: object('What is served where.', {
      workers: count(
        'Processes that share the ports of linkerd and http, each with its own connections: give as many as there are cores. 1: one process does everything. Connections, rate limits, what is let in under overload, and the reviews of tokenReview count in each process for itself.',
        1,
        [1, 64],
      ),
      linkerd: object('The gRPC endpoint of Linkerd proxies.', {
        listen: listen('TLS 1.3.', '0.0.0.0:8080'),
        loopback: {
          description:
            'Port on 127.0.0.1 that speaks plain h2c, for a proxy in the same pod; or off.',
          wanted: 'a port from 0 to 65535, or off',
          anyOf: [{ type: 'integer', minimum: 0, maximum: 65_535 }, { const: 'off' }],
          default: 'off',
        },
      }),
      http: object('The HTTP API.', {
        listen: listen('TLS, client certificates optional.', '0.0.0.0:8443'),
        names: {
          type: 'array',
          description: "DNS names and IP addresses in the server's own certificate.",
          wanted: 'a list of at most 20 lower-case DNS names and IP addresses',
          items: { type: 'string', minLength: 1, maxLength: 253 },
          maxItems: 20,
          default: ['localhost', '127.0.0.1', '::1'],
        },
        rateLimit: object('Per client address.', {
          perMinute: count('Sustained requests per minute.', 600, [1, 1_000_000]),
          burst: count('Requests that may come at once.', 100, [1, 1_000_000]),
        }),
      }),
      admin: object('Plain HTTP for /live, /ready and /metrics.', {
        listen: listen('Keep it inside the pod or the host.', '127.0.0.1:9990'),
      }),
      socket: path(
        "The operators' Unix socket, mode 0600. Default: capstan.sock in the data folder.",
      ),
    }),
    issuance: object('Certificates and their records.', {
      ledgerRetention: duration(
        'How long the ledger keeps a certificate after it expired. As many of the last days on which certificates end stay whatever the clock says, and five at least.',
        '30d',
      ),
      pruneInterval: duration('How often the ledger is pruned.', '1h'),
      crlLifetime: duration('From thisUpdate to nextUpdate of a CRL.', '24h'),
    }),
    tokenReview: object('Asking clusters about service account tokens.', {
      concurrency: count('Reviews in flight per cluster.', 16, [1, 1000]),
      queue: count('Reviews that may wait per cluster; more are throttled.', 256, [0, 100_000]),
      timeoutMs: count('Milliseconds until a review is given up.', 5000, [100, 60_000]),
    }),
    witnesses: object('Who cosigns the checkpoints of the index log.', {
      policy: path(
        'A C2SP tlog-policy: its witness lines with URLs say who is asked, its quorum what is enough. Without it nobody is asked.',
      ),
      timeout: duration('Until a witness is given up, for one question.', '5s'),
      refresh: duration(
        'How old a cosignature of the latest checkpoint gets before a newer one is asked for: verifiers take from it how fresh the checkpoint is.',
        '5m',
      ),
    }),
    log: object('The log, on standard error.', {
      level: oneOf('How much is written.', logLevels, 'info'),
      format: oneOf('One JSON object a line, or lines for people.', logFormats, 'json'),
    }),
  }),
} as const satisfies ConfigNode & Readonly<Record<string, unknown>>

/** Where a key stands in the schema; undefined when there is no such key. */
export function nodeAt(keys: readonly string[]): ConfigNode | undefined {
  let node: ConfigNode | undefined = configSchema
  for (const key of keys) {
    const properties: Readonly<Record<string, ConfigNode>> | undefined = node?.properties
    node = properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined
  }
  return node
}

/** Every value an operator may set, in the order of the schema. */
export function leafKeys(
  node: ConfigNode = configSchema,
  keys: readonly string[] = [],
): readonly { readonly keys: readonly string[]; readonly node: ConfigNode }[] {
  if (node.properties === undefined) return [{ keys, node }]
  return Object.entries(node.properties).flatMap(([key, child]) => leafKeys(child, [...keys, key]))
}
