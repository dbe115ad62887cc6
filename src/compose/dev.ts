import { writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { ExitCode } from '../cli/exit-code.js'
import type { TextSink } from '../cli/world.js'
import type { Config, ListenAddress } from '../config/config.js'
import type { Alias } from '../core/alias.js'
import type { Result } from '../core/result.js'
import { minutes } from '../core/time.js'
import type { CallContext } from '../server/operations.js'
import { found } from './found.js'
import { readInstanceFile } from './instance-file.js'
import { type Ambient, serve, type Serving } from './serve.js'

interface DevWorld extends Ambient {
  readonly stdout: TextSink
  readonly cwd: string
  /** How `capstan` is called from here. */
  readonly command: string
}

const TRUST_DOMAIN = 'dev.example'
const ENTRY = 'demo/web' as Alias
const TOKEN_LIFETIME = minutes(60)

/**
 * A development CA: founded on first use, on loopback alone, with one entry to try it with. Prints
 * one screen that says what is where, and commands to paste.
 */
export async function dev(asked: Config, world: DevWorld): Promise<Result<ExitCode>> {
  const config = onLoopback(asked)
  if (!(await readInstanceFile(config.dataDir))) {
    const founded = await found(
      { config, trustDomain: TRUST_DOMAIN, controller: 'local:developer' },
      world,
    )
    if (!founded.ok) return founded
  }
  return serve(config, world, async (serving) => {
    await ensureEntry(serving)
    world.stdout.write(await welcome(config, world, serving))
  })
}

/** What is open to the network by default is not, here: these keys guard nothing. */
function onLoopback(config: Config): Config {
  const local = (address: ListenAddress | 'off'): ListenAddress | 'off' =>
    address === 'off' || address.host !== '0.0.0.0' ? address : { ...address, host: '127.0.0.1' }
  const { linkerd, http } = config.server
  return {
    ...config,
    log: { level: 'warn', format: 'pretty' },
    server: {
      ...config.server,
      linkerd: { ...linkerd, listen: local(linkerd.listen) },
      http: { ...http, listen: local(http.listen) },
    },
  }
}

async function ensureEntry({ operations }: Serving): Promise<void> {
  if ((await operations.entry(ENTRY)).ok) return
  const made = await operations.change(
    { op: 'entry.create', alias: ENTRY, owner: { controller: 'local:developer' } },
    context,
  )
  if (!made.ok) throw new Error(`the development entry was refused: ${made.refusal.detail}`)
}

const context: CallContext = {
  requestId: 'dev',
  remote: 'local',
  signal: new AbortController().signal,
  about: () => undefined,
}

async function welcome(config: Config, world: DevWorld, serving: Serving): Promise<string> {
  const { operations, listeners } = serving
  const bundle = join(config.dataDir, 'bundle.pem')
  const { trustAnchors } = await operations.bundle()
  await writeFile(bundle, trustAnchors.map(({ pem }) => pem).join(''))
  const [first, second] = [await joinToken(serving), await joinToken(serving)]
  const { listen } = config.server.http
  const port = listen === 'off' ? 0 : listen.port
  const url = `https://localhost:${port}`
  const ca = relative(world.cwd, bundle)
  // What is tried out goes where version control does not look.
  const here = relative(world.cwd, config.dataDir) || '.'
  const { command } = world
  const where = listeners.map(({ name, address }) => `  ${name.padEnd(20)}  ${address}`)
  return `
Capstan serves a development CA for the trust domain ${TRUST_DOMAIN} from ${here}/

${where.join('\n')}

A first certificate for the entry ${ENTRY}, with capstan:

  ${command} cert get ${ENTRY} --server ${url} --ca-bundle ${ca} \\
    --token ${first} --out ${here}/first-cert

and with openssl and curl alone:

  csr=$(openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \\
    -keyout ${here}/key.pem -subj / -outform DER | base64 | tr -d '\\n')
  curl --cacert ${ca} ${url}/v1/certificates -o ${here}/chain.pem \\
    -H 'Content-Type: application/json' -H 'Accept: application/pem-certificate-chain' \\
    -d '{"csr":"'"$csr"'","evidence":{"kind":"join-token","token":"${second}"}}'
  openssl verify -CAfile ${ca} -untrusted ${here}/chain.pem ${here}/chain.pem

The two tokens work once each, for an hour; the next: ${command} token create ${ENTRY} --ttl 10m
Look around with ${command} and: status, scope tree, certs, log ${ENTRY}, --help
Ctrl-C stops it.
`
}

async function joinToken({ operations }: Serving): Promise<string> {
  const made = await operations.createToken(ENTRY, TOKEN_LIFETIME, context)
  return made.ok ? made.value.token : `(refused: ${made.refusal.detail})`
}
