import type { Config } from '../config/config.js'
import type { Clock } from '../core/time.js'
import { defaultGrpcLimits } from '../server/grpc/limits.js'
import { listenLinkerd, listenLoopbackH2c } from '../server/grpc/listen-linkerd.js'
import type { GrpcMethod } from '../server/grpc/method.js'
import {
  type AppOptions,
  createHealthApp,
  createOperatorApp,
  createPublicApp,
} from '../server/http/app.js'
import { defaultDispatchLimits } from '../server/http/dispatch.js'
import { defaultEntryLimits, entryTurnsWith } from '../server/http/entry-turns.js'
import { listenHttps } from '../server/http/listen-https.js'
import { listenPlain } from '../server/http/listen-plain.js'
import { listenUnixSocket } from '../server/http/listen-unix-socket.js'
import { defaultHttpLimits } from '../server/http/listener.js'
import { defaultRateLimits, rateLimiterWith } from '../server/http/rate-limit.js'
import type { StatusJson } from '../server/http/shapes.js'
import type { LoopWatch } from '../server/loop-watch.js'
import type { Metrics } from '../server/metrics.js'
import { secureContextSource } from '../server/tls/secure-context-source.js'
import type { Log } from './open-log.js'
import type { OwnCertificates } from './server-certificates.js'

/** Everything that is listened on, to be closed together. */
export interface Listeners {
  readonly addresses: StatusJson['server']['listeners']
  close(graceMs: number): Promise<void>
}

interface Options {
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  readonly app: Pick<AppOptions, 'operations' | 'newRequestId' | 'audit'> & {
    readonly metrics: Metrics
  }
}

interface PublicOptions extends Options {
  readonly certificates: OwnCertificates
  readonly loop: LoopWatch
  readonly methods: readonly GrpcMethod[]
}

interface Open {
  readonly name: string
  readonly address: string
  readonly close: (graceMs: number) => Promise<void>
}

/** For the network: as the configuration asks. */
export const openPublicListeners = (options: PublicOptions): Promise<Listeners> =>
  openAll([() => linkerd(options), () => loopback(options), () => https(options)])

/**
 * For the machine: operators, probes and scrapers. The one that says whether it is ready comes
 * last: by then everything else listens.
 */
export const openPrivateListeners = (options: Options): Promise<Listeners> =>
  openAll([() => socket(options), () => admin(options)])

/** When one fails, those before it are closed again. */
async function openAll(openings: readonly (() => Promise<Open | undefined>)[]): Promise<Listeners> {
  const open: Open[] = []
  const closeAll = async (graceMs: number): Promise<void> => {
    await Promise.all(open.map(({ close }) => close(graceMs)))
  }
  try {
    for (const opening of openings) {
      const listener = await opening()
      if (listener) open.push(listener)
    }
  } catch (error) {
    await closeAll(0)
    throw error
  }
  return { addresses: open.map(({ name, address }) => ({ name, address })), close: closeAll }
}

async function linkerd({
  config,
  certificates,
  methods,
  loop,
  log,
}: PublicOptions): Promise<Open | undefined> {
  const { listen } = config.server.linkerd
  if (listen === 'off') return undefined
  const listener = await listenLinkerd({
    ...listen,
    certificates: certificates.linkerd,
    methods,
    limits: defaultGrpcLimits,
    loop,
    log,
  })
  return grpc('linkerd (gRPC, TLS)', listener)
}

async function loopback({ config, methods, loop, log }: PublicOptions): Promise<Open | undefined> {
  const port = config.server.linkerd.loopback
  if (port === 'off') return undefined
  const listener = await listenLoopbackH2c({ port, methods, limits: defaultGrpcLimits, loop, log })
  return grpc('linkerd (gRPC, plain)', listener)
}

async function https(options: PublicOptions): Promise<Open | undefined> {
  const { listen } = options.config.server.http
  if (listen === 'off') return undefined
  const { certificates, loop, log } = options
  const listener = await listenHttps({
    ...listen,
    secureContexts: secureContextSource({
      certificates: certificates.http,
      minVersion: 'TLSv1.2',
    }),
    app: createPublicApp(appOptions(options)),
    ...common(options),
    loop,
    log,
  })
  return { name: 'HTTP API (TLS)', ...listener }
}

async function admin(options: Options): Promise<Open | undefined> {
  const { listen } = options.config.server.admin
  if (listen === 'off') return undefined
  const app = createHealthApp(appOptions(options))
  const listener = await listenPlain({ ...listen, app, ...common(options) })
  return { name: 'health and metrics', ...listener }
}

async function socket(options: Options): Promise<Open> {
  const app = createOperatorApp(appOptions(options))
  const path = options.config.server.socket
  const listener = await listenUnixSocket({ path, app, ...common(options) })
  return { name: 'operators', ...listener }
}

const common = ({ app }: Options) => ({
  limits: defaultHttpLimits,
  newRequestId: app.newRequestId,
})

function appOptions({ app, config, clock, log }: Options): AppOptions {
  const { metrics, ...rest } = app
  const { perMinute, burst } = config.server.http.rateLimit
  return {
    ...rest,
    log,
    limits: defaultDispatchLimits,
    takeTurn: rateLimiterWith(clock, { ...defaultRateLimits, perSecond: perMinute / 60, burst }),
    entryTurns: entryTurnsWith(clock, defaultEntryLimits),
    observer: {
      answered: (operation, status) => metrics.answered(operation, status),
      refused: (code) => metrics.refused('http', code),
      unavailable: (dependency) => metrics.unavailable(dependency),
    },
    metrics: () => metrics.text(),
  }
}

const grpc = (name: string, listener: Awaited<ReturnType<typeof listenLinkerd>>): Open => {
  const { host, port } = listener.address
  const shown = host.includes(':') ? `[${host}]` : host
  return { name, address: `${shown}:${port}`, close: (graceMs) => listener.close(graceMs) }
}
