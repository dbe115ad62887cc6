import { isAbsolute } from 'node:path'
import { isIP } from 'node:net'
import type { Config } from '../../src/config/config.js'
import { loadConfig } from '../../src/config/load-config.js'
import { renderDuration, parseDuration } from '../../src/config/duration.js'
import { parseListenAddress, renderListenAddress } from '../../src/config/listen-address.js'
import { parseYaml } from '../../src/config/yaml-source.js'
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

function load(input: Uint8Array): { text: string; loaded: ReturnType<typeof loadConfig> } {
  const [text = '', ...rest] = Buffer.from(input).toString('utf8').split(SEPARATOR)
  const file = { path: 'etc/capstan.yaml', text }
  const env = environmentOf(rest.join(SEPARATOR))
  return { text, loaded: loadConfig({ file, env, cwd: '/srv' }) }
}

function check(input: Uint8Array): string {
  const [first, second] = [load(input), load(input)]
  const same = JSON.stringify(first.loaded) === JSON.stringify(second.loaded)
  hold(same, 'one configuration for one file')
  return ''
}

function run(input: Uint8Array): string {
  const { text, loaded } = load(input)
  if (!loaded.ok) {
    const { refusal } = loaded
    hold(refusal.problems.length > 0, 'a refusal names a problem')
    checkSecrets(text, refusal.found ?? '')
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
  const counts = [...Object.values(tokenReview), ...Object.values(server.http.rateLimit)]
  hold(
    counts.every((count) => Number.isSafeInteger(count) && count >= 0),
    'counts are whole',
  )
}

/** What stands under `keys` may be a key in the wrong place: a problem does not show it. */
function checkSecrets(text: string, shown: string): void {
  const parsed = parseYaml(text)
  const value: unknown = parsed.ok ? parsed.source.value : undefined
  const keys =
    typeof value === 'object' && value !== null && 'keys' in value ? value.keys : undefined
  for (const secret of textsIn(keys)) {
    // Short ones, and those that stand elsewhere too, prove nothing.
    if (secret.length < 12 || text.split(secret).length !== 2) continue
    hold(!shown.includes(secret), 'a value under "keys" is not shown')
  }
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(textsIn)
}

const file = `dataDir: /var/lib/capstan
keys:
  kek: { file: kek-secret-file }
server:
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
  'keys: { kek: my-very-secret-passphrase }\n',
  'null',
  '[]',
]

/** Changes the file, and leaves the environment. */
const mutateFile: Mutator = (input, material) => {
  const [text = '', ...rest] = Buffer.from(input).toString('utf8').split(SEPARATOR)
  const changed = mutateYaml(Buffer.from(text), material)
  return changed && Buffer.from([Buffer.from(changed).toString('utf8'), ...rest].join(SEPARATOR))
}

const seeds = (): readonly Uint8Array[] => inputs.map((text) => Buffer.from(text))

export const target: Target = {
  slowMs: SLOW_YAML_MS,
  seeds,
  mutators: [mutateFile, mutateFile, mutateLines],
  run,
  check,
}
