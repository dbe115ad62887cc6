import { isAbsolute } from 'node:path'
import { isIP } from 'node:net'
import type { Config } from '../../src/config/config.js'
import { configSchema, leafKeys } from '../../src/config/config-schema.js'
import { variableOf } from '../../src/config/environment.js'
import { loadConfig } from '../../src/config/load-config.js'
import { renderDuration, parseDuration } from '../../src/config/duration.js'
import { parseListenAddress, renderListenAddress } from '../../src/config/listen-address.js'
import { parseYaml } from '../../src/config/yaml-source.js'
import { yamlBySchema } from '../mutate/by-schema.js'
import { generated } from '../mutate/generate.js'
import { mutateLines, mutateYaml } from '../mutate/lines.js'
import type { Mutator } from '../mutate/mutator.js'
import { endingOf, hold } from '../oracle/hold.js'
import type { Target } from '../target.js'

/**
 * The YAML library takes about 0.8 us an octet for an ordinary file, 2 us for nothing but "-" and line
 * ends, and four times that where each is an error: linear, but 50 ms at best for 64 KiB. What it reads
 * is a file of the operator's own, once.
 */
const SLOW_YAML_MS = 500

/** Between the file and the environment, which has a `NAME=value` on each line. */
const SEPARATOR = '\u0000\n'

interface Input {
  readonly text: string
  readonly env: Readonly<Record<string, string>>
}

function inputOf(input: Uint8Array): Input {
  const [text, environment] = split(input)
  return { text, env: environmentOf(environment) }
}

function split(input: Uint8Array): readonly [text: string, environment: string] {
  const [text = '', ...rest] = Buffer.from(input).toString('utf8').split(SEPARATOR)
  return [text, rest.join(SEPARATOR)]
}

const load = ({ text, env }: Input): ReturnType<typeof loadConfig> =>
  loadConfig({ file: { path: 'etc/capstan.yaml', text }, env, cwd: '/srv' })

function check(input: Uint8Array): string {
  const [first, second] = [load(inputOf(input)), load(inputOf(input))]
  const same = JSON.stringify(first) === JSON.stringify(second)
  hold(same, 'one configuration for one file')
  return ''
}

function run(input: Uint8Array): string {
  const given = inputOf(input)
  const loaded = load(given)
  if (!loaded.ok) {
    const { refusal } = loaded
    hold(refusal.problems.length > 0, 'a refusal names a problem')
    checkSecrets(given, JSON.stringify(refusal))
    const [first] = refusal.problems
    return `${endingOf(refusal)} ${first?.what ?? ''} ${first?.wanted ?? ''}`.slice(0, 200)
  }
  checkConfig(loaded.value.config)
  for (const [key, origin] of loaded.value.origins) {
    hold(/^(default|etc\/capstan\.yaml:\d+|CAPSTAN_\w+)$/.test(origin), `an origin of ${key}`)
  }
  return 'loaded'
}

function environmentOf(text: string): Readonly<Record<string, string>> {
  const pairs = text.split('\n').map((line) => {
    const at = line.indexOf('=')
    return [line.slice(0, Math.max(0, at)), line.slice(at + 1)] as const
  })
  return Object.fromEntries(pairs)
}

function checkConfig({ dataDir, keys: { kek }, server, issuance, tokenReview }: Config): void {
  for (const path of [dataDir, server.socket, ...('path' in kek ? [kek.path] : [])]) {
    hold(isAbsolute(path), 'paths are absolute')
  }
  hold(Buffer.byteLength(server.socket) <= 103, 'a socket has a path that every platform takes')
  for (const { listen } of [server.linkerd, server.http, server.admin]) {
    if (listen === 'off') continue
    hold(listen.host === 'localhost' || isIP(listen.host) !== 0, 'listeners have literal addresses')
    hold(listen.port >= 0 && listen.port <= 65_535, 'listeners have a port that there is')
    const again = parseListenAddress(renderListenAddress(listen))
    hold(again?.host === listen.host && again.port === listen.port, 'an address is read as written')
  }
  for (const name of server.http.names) {
    hold(/^[a-z0-9.-]+$/.test(name) || isIP(name) === 6, 'names of the server are plain')
  }
  for (const length of Object.values(issuance)) {
    hold(Number.isSafeInteger(length) && length > 0, 'lengths of time are whole and positive')
    hold(parseDuration(renderDuration(length)) === length, 'a duration is read as written')
  }
  const { loopback } = server.linkerd
  const counts = { workers: server.workers, ...server.http.rateLimit, ...tokenReview }
  for (const [name, count] of Object.entries({ ...counts, loopback })) {
    const [least, most] = ranges[name] ?? [NaN, NaN]
    if (name === 'loopback' && count === 'off') continue
    const isWithin = Number.isSafeInteger(count) && Number(count) >= least && Number(count) <= most
    hold(isWithin, `${name} is in its range`)
  }
}

/** As the documentation has them: the schema, which may be wrong, is not asked. */
const ranges: Readonly<Record<string, readonly [least: number, most: number]>> = {
  workers: [1, 64],
  loopback: [0, 65_535],
  perMinute: [1, 1_000_000],
  burst: [1, 1_000_000],
  concurrency: [1, 1000],
  queue: [0, 100_000],
  timeoutMs: [100, 60_000],
}

/** Stands for what nobody should see, wherever the search puts it. */
const SECRET = 'S3CRET'
const timesIn = (text: string): number => text.split(SECRET).length - 1

/** What stands under `keys` may be a key in the wrong place: a problem does not show it. */
function checkSecrets({ text, env }: Input, shown: string): void {
  const parsed = parseYaml(text)
  const value: unknown = parsed.ok ? parsed.source.value : undefined
  const keys =
    typeof value === 'object' && value !== null && 'keys' in value ? value.keys : undefined
  const variables = Object.entries(env).filter(([name]) => name.startsWith('CAPSTAN_KEYS__'))
  const secret = [...textsIn(keys), ...variables.map(([, item]) => item)].map(timesIn)
  const times = secret.reduce((sum, count) => sum + count, 0)
  const everywhere = timesIn(text) + timesIn(Object.entries(env).join())
  // Where it stands elsewhere too, it may be shown from there.
  if (times === 0 || everywhere > times) return
  hold(timesIn(shown) === 0, 'a value under "keys" is not shown')
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(textsIn)
}

const file = `dataDir: /var/lib/capstan
keys:
  kek: { file: S3CRET-file }
server:
  workers: 2
  linkerd: { listen: '[::]:8080', loopback: 8081 }
  http:
    listen: 0.0.0.0:8443
    names: [ca.example, 10.0.0.1, '::1']
    rateLimit: { perMinute: 60, burst: 10 }
  admin: { listen: off }
  socket: run/capstan.sock
issuance:
  ledgerRetention: 30d
  pruneInterval: 90m
  crlLifetime: 24h
tokenReview: { concurrency: 4, queue: 0, timeoutMs: 1000 }
log: { level: debug, format: pretty }
`

const inputs = [
  file,

  `keys: { kek: { env: CAPSTAN_KEK } }${SEPARATOR}CAPSTAN_DATA_DIR=/tmp/x\nCAPSTAN_LOG__LEVEL=warn\n`,
  `${SEPARATOR}CAPSTAN_KEYS__KEK__PASSPHRASE_FILE=/run/p\nCAPSTAN_SERVER__HTTP__NAMES=a.example, b.example`,
  `${file}${SEPARATOR}CAPSTAN_SERVER__LINKERD__LOOPBACK=off\nCAPSTAN_PORT=tcp://10.0.0.1:80\nCAPSTAN_DATADIR=x`,
  'keys: { kek: { passphraseEnv: a b, file: kek } }\nserver: 1\n',
  'keys: { kek: { passphraseFile: S3CRET-of-mine } }\nlog: { format: json }\n',
  'null',
  '[]',
]

/** Changes the file, and leaves the environment. */
const ofFile =
  (mutate: Mutator): Mutator =>
  (input, material) => {
    const [text, environment] = split(input)
    const other = (): Uint8Array => Buffer.from(split(material.other())[0])
    const changed = mutate(Buffer.from(text), { ...material, other })
    return changed && joined(Buffer.from(changed).toString('utf8'), environment)
  }

const joined = (text: string, environment: string): Uint8Array =>
  Buffer.from(environment === '' ? text : `${text}${SEPARATOR}${environment}`)

/** Sets a variable, or takes one away. */
const mutateEnvironment: Mutator = (input, material) => {
  const { random, other } = material
  const [text, environment] = split(input)
  const lines = environment.split('\n').filter((line) => line !== '')
  const way = random.below(8)
  if (way === 0) lines.splice(random.below(lines.length + 1), 1)
  else if (way === 1) lines.push(...split(other())[1].split('\n'))
  else {
    const { keys, node } = random.pick(leafKeys())
    const value = generated(node, material)
    const spelled = Array.isArray(value) ? value.join(', ') : String(value)
    lines.push(`${variableOf(keys)}=${spelled}`)
  }
  return joined(text, lines.join('\n'))
}

const mutateValues = ofFile(mutateYaml)
const bySchema = ofFile(yamlBySchema(configSchema))

const seeds = (): readonly Uint8Array[] => inputs.map((text) => Buffer.from(text))

export const target: Target = {
  slowMs: SLOW_YAML_MS,
  seeds,
  mutators: [bySchema, bySchema, bySchema, mutateEnvironment, mutateValues, mutateLines],
  run,
  check,
}
