import { join } from 'node:path'
import { ok, type Result } from '../../src/core/result.js'
import type { ExitCode } from '../../src/cli/exit-code.js'
import { runCli } from '../../src/cli/run-cli.js'
import type {
  InitOptions,
  InitReport,
  OperatorConnection,
  OperatorRequest,
  OperatorResponse,
  World,
} from '../../src/cli/world.js'
import { refusalReply } from '../../src/server/http/problem.js'
import type { Reply } from '../../src/server/http/reply.js'
import type { Route } from '../../src/server/http/route.js'
import { routeTable } from '../../src/server/http/routes/table.js'
import type { Operations } from '../../src/server/operations.js'
import { FakeClock } from '../support/fake-clock.js'
import { fakeOperations } from '../support/fake-operations.js'
import { MemoryTokens } from '../support/memory-tokens.js'
import { countedRandom } from '../support/random.js'

export const REQUEST_ID = 'r'.repeat(26)

/** The API's own routes and schemas in front of scripted operations; remembers every request. */
export class ScriptedServer implements OperatorConnection {
  readonly requests: OperatorRequest[] = []
  /** JSON that is answered to whatever is read below a path. */
  readonly answers = new Map<string, string>()
  closed = 0
  private readonly routes = routeTable(() => Promise.resolve(''))
  private readonly operations: Operations

  constructor(operations: Partial<Operations> = {}) {
    this.operations = fakeOperations(operations)
  }

  async request(request: OperatorRequest): Promise<OperatorResponse> {
    this.requests.push(request)
    const [path = '', query = ''] = request.path.split('?')
    for (const [below, text] of this.answers) {
      if (request.method !== 'GET' || !path.startsWith(below)) continue
      return { status: 200, contentType: 'application/json', body: Buffer.from(text) }
    }
    for (const route of this.routes) {
      const values = route.method === request.method ? matchPath(route, path) : undefined
      if (values === undefined) continue
      const sent: unknown = JSON.parse(JSON.stringify(request.body ?? null))
      const result = await route.run(this.operations, {
        path: values,
        query,
        body: () => Promise.resolve(ok(sent as never)),
        peerCertificate: undefined,
        type: request.accept ?? 'application/json',
        context: {
          requestId: REQUEST_ID,
          remote: 'local',
          about: () => undefined,
          signal: new AbortController().signal,
        },
      })
      return written(result.ok ? result.value : refusalReply(result.refusal, REQUEST_ID))
    }
    throw new Error(`no such route: ${request.method} ${request.path}`)
  }

  close(): Promise<void> {
    this.closed += 1
    return Promise.resolve()
  }

  /** Bodies of the requests to one path, in order. */
  sent(path: string): readonly unknown[] {
    return this.requests.filter((request) => request.path === path).map(({ body }) => body)
  }
}

function matchPath(route: Route, path: string): Record<string, string> | undefined {
  const wanted = route.path.split('/')
  const given = path.split('/')
  if (wanted.length !== given.length) return undefined
  const values: Record<string, string> = {}
  for (const [index, segment] of wanted.entries()) {
    const text = decodeURIComponent(given[index] ?? '')
    const [, name, suffix = ''] = /^\{([a-z]+)\}(.*)$/.exec(segment) ?? []
    if (name === undefined) {
      if (segment !== text) return undefined
    } else {
      if (!text.endsWith(suffix)) return undefined
      values[name] = text.slice(0, text.length - suffix.length)
    }
  }
  return values
}

const written = ({ status, type, body }: Reply): OperatorResponse => ({
  status,
  contentType: type,
  body: Buffer.from(body),
})

export interface Screen {
  readonly exit: ExitCode
  readonly out: string
  readonly err: string
}

export interface Options extends Partial<Omit<World, 'stdout' | 'stderr' | 'stdin'>> {
  readonly server?: OperatorConnection
  /** Columns of a terminal; absent: a pipe. */
  readonly columns?: number
  readonly input?: string
}

/** Runs one command line in a world without a process. */
export async function run(argv: readonly string[], options: Options = {}): Promise<Screen> {
  const { server = new ScriptedServer(), columns, input = '', ...rest } = options
  const texts = { out: '', err: '' }
  const sink = (name: 'out' | 'err'): World['stdout'] => ({
    write: (text: string) => void (texts[name] += text),
    isTTY: columns !== undefined,
    ...(columns === undefined ? {} : { columns }),
  })
  const world: World = {
    stdout: sink('out'),
    stderr: sink('err'),
    stdin: () => Promise.resolve(input),
    env: { NO_COLOR: '1' },
    cwd: '/nowhere/at/all',
    clock: new FakeClock(),
    random: countedRandom(),
    signal: new AbortController().signal,
    version: '0.1.0',
    secret: () => Promise.resolve(undefined),
    tokens: new MemoryTokens([]),
    operator: () => Promise.resolve(ok(server)),
    remoteOperator: () => Promise.resolve(server),
    init: founded,
    rebuildIndex: () => Promise.resolve(ok({ records: 7, head: 'ab'.repeat(32) })),
    serve: () => Promise.resolve(0),
    dev: () => Promise.resolve(0),
    initWitness: ({ folder, name, kek }) =>
      Promise.resolve(
        ok({ folder, name, key: `${name}+0`, sealedUnder: { kind: kek.kind, where: 'kek' } }),
      ),
    serveWitness: () => Promise.resolve(0),
    openWatch: () => Promise.reject(new Error('nothing to watch')),
    openMirror: () => Promise.reject(new Error('nothing to mirror')),
    verifyMirror: () => Promise.reject(new Error('no mirror to verify')),
    serveMirror: () => Promise.resolve(0),
    openMirroredIndex: () => Promise.reject(new Error('no mirror to read')),
    openLogAnswer: () => Promise.reject(new Error('nothing to verify')),
    ...rest,
  }
  const exit = await runCli(argv, world)
  return { exit, ...texts }
}

export const json = (screen: Screen): Record<string, unknown> =>
  JSON.parse(screen.out) as Record<string, unknown>

export function founded(options: InitOptions): Promise<Result<InitReport>> {
  return Promise.resolve(
    ok({
      dataDir: options.config.dataDir,
      trustDomain: options.trustDomain,
      indexId: 'ab'.repeat(32),
      trustAnchor: {
        id: '00112233aabbccdd',
        subject: `CN=${options.trustDomain} root`,
        notAfter: '2036-11-18T00:00:00Z',
        sha256: 'cd'.repeat(32),
        key: options.rootCert !== undefined && options.rootKey === undefined ? 'offline' : 'here',
      },
      issuer: {
        id: '5b7d1f2846a0c8e2',
        subject: `CN=${options.trustDomain} issuer`,
        notAfter: '2027-02-19T00:00:00Z',
      },
      sealedUnder: { kind: 'file', where: join(options.config.dataDir, 'kek') },
    }),
  )
}
