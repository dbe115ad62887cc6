import express, { type NextFunction, type Request, type Response } from 'express'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { refuse } from '../../core/result.js'
import type { Channel } from './access.js'
import { type Denial, dispatcherWith, type DispatchOptions, type Routed } from './dispatch.js'
import type { Route } from './route.js'
import { healthRoutes, type MetricsText } from './routes/public.js'
import { routeTable } from './routes/table.js'

export interface AppOptions extends DispatchOptions {
  readonly metrics: MetricsText
}

/** The API over TLS, for whoever reaches the port. */
export const createPublicApp = (options: AppOptions): RequestListener =>
  createApp('tls', routeTable(options.metrics), options)

/** The API on the local Unix socket, for whoever may open it. */
export const createOperatorApp = (options: AppOptions): RequestListener =>
  createApp('unix', routeTable(options.metrics), options)

/** Probes and metrics, without TLS. */
export const createHealthApp = (options: AppOptions): RequestListener =>
  createApp('plain', healthRoutes(options.metrics), options)

function createApp(
  channel: Channel,
  routes: readonly Route[],
  options: DispatchOptions,
): RequestListener {
  const dispatch = dispatcherWith(channel, options)
  function broken(response: ServerResponse, thrown: unknown): void {
    options.log.error({ err: thrown }, 'a request could not be answered')
    response.destroy()
  }
  // Express would make a page of what is thrown, with its stack: it is told of nothing.
  const answer = (routed: Routed): void => {
    dispatch(routed).catch((thrown: unknown) => broken(routed.response, thrown))
  }
  const paths = byPath(routes)
  const app = express()
  app.disable('x-powered-by')
  app.enable('case sensitive routing')
  app.enable('strict routing')
  app.disable('query parser')
  for (const [path, atPath] of paths) {
    app.all(expressPath(path), (request, response) => {
      const target = targetOf(request.method, atPath)
      answer({ request, response, path: textParameters(request), target })
    })
  }
  app.use((request, response) => answer({ request, response, path: {}, target: notFound }))

  app.use((thrown: unknown, request: Request, response: Response, _next: NextFunction) => {
    // The router could not decode the path. Throws of use cases never get here.
    if (thrown instanceof URIError) answer({ request, response, path: {}, target: badPath })
    else broken(response, thrown)
  })
  // A path without parameters is itself or another one: it needs no router.
  const literal = new Map(paths.filter(([path]) => !path.includes('{')))
  return (request, response) => {
    const atPath = literal.get(pathOf(request))
    if (atPath) {
      const target = targetOf(request.method ?? '', atPath)
      answer({ request, response, path: {}, target })
    } else if (hasPath(request)) app(request, response)
    else answer({ request, response, path: {}, target: badPath })
  }
}

/** What comes before the question mark, as it was written. */
function pathOf({ url = '' }: IncomingMessage): string {
  const mark = url.indexOf('?')
  return mark === -1 ? url : url.slice(0, mark)
}

/** `*` (OPTIONS) and what is no URL at all would end in the router's own answer, which is a page. */
const hasPath = ({ url = '' }: IncomingMessage): boolean => url.startsWith('/') || URL.canParse(url)

const notFound: Denial = refuse('request.not-found', 'there is nothing here', {
  next: 'GET /v1/openapi.json lists what there is',
})

const badPath: Denial = refuse('request.malformed', 'the path is not well percent-encoded')

type ByMethod = ReadonlyMap<string, Route>

/** Path -> its routes by method; literal paths first, so that `inspect` is no serial. */
function byPath(routes: readonly Route[]): readonly (readonly [string, ByMethod])[] {
  const paths = [...new Set(routes.map((route) => route.path))]
  const literalFirst = paths.sort((a, b) => Number(a.includes('{')) - Number(b.includes('{')))
  return literalFirst.map((path) => {
    const here = routes.filter((route) => route.path === path)
    return [path, new Map(here.map((route) => [route.method, route]))] as const
  })
}

/** The name of a tile has slashes: it is the rest of its path. */
const expressPath = (path: string): string =>
  path.replaceAll('{tile}', '*tile').replaceAll(/\{(\w+)\}/g, ':$1')

function targetOf(method: string, routes: ByMethod): Route | Denial {
  const route = routes.get(method === 'HEAD' ? 'GET' : method)
  if (route) return route
  const known = [...routes.keys()]
  const allowed = [...known, ...(routes.has('GET') ? ['HEAD'] : [])].sort()
  return {
    ...refuse('request.wrong-method', 'not with this method', { wanted: allowed.join(', ') }),
    headers: { allow: allowed.join(', ') },
  }
}

/** Of a rest of a path the router gives a list of its segments. */
function textParameters(request: Request): Readonly<Record<string, string>> {
  const pairs = Object.entries<string | readonly string[]>(request.params)
  return Object.fromEntries(
    pairs.map(([name, value]) => [name, typeof value === 'string' ? value : value.join('/')]),
  )
}
