import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Json } from '../../core/canonical-json.js'
import { DependencyError } from '../../core/dependency-error.js'
import type { Refusal } from '../../core/refusal.js'
import { ok, refuse, type Result } from '../../core/result.js'
import type { Audit, AuditLine } from '../audit.js'
import type { ServerLog } from '../grpc/log.js'
import type { CallContext, Operations } from '../operations.js'
import { admit, type Channel } from './access.js'
import { Arrivals } from './arrivals.js'
import { Call } from './call.js'
import { refusalReply, thrownReply } from './problem.js'
import type { EntryTurns } from './entry-turns.js'
import { clientOf } from '../client-of.js'
import type { TakeTurn } from './rate-limit.js'
import { readBody } from './read-body.js'
import type { Reply } from './reply.js'
import { jsonBody, peerCertificateOf, preferredType, queryOf } from './request-parts.js'
import type { BodySize, Route } from './route.js'
import { declaresBody, writeReply } from './write-reply.js'

/** What is counted of every request. */
export interface HttpObserver {
  /** `operation` is an operationId, or `none` where there is no such route. */
  answered(operation: string, status: number): void
  refused(code: string): void
  unavailable(dependency: string): void
}

export interface DispatchLimits {
  /** Requests that are worked on at once: of evidence, and as many of other routes that are not public. */
  readonly inFlight: number
  /** Requests whose bodies are on their way; past it, whoever sends most of them is hung up on. */
  readonly arriving: number
  /** Milliseconds after which the work on a request is asked to stop. */
  readonly answerMs: number
  readonly bodyOctets: Readonly<Record<BodySize, number>>
}

export const defaultDispatchLimits: DispatchLimits = {
  inFlight: 1000,
  arriving: 1000,
  answerMs: 30_000,
  bodyOctets: { small: 65_536, large: 8 * 1024 * 1024 },
}

export interface DispatchOptions {
  readonly operations: Operations
  readonly newRequestId: () => string
  /** Asked for every request over the network that is not for a public route. */
  readonly takeTurn: TakeTurn
  /** Asked for every one over the network that is for a submitter's route. */
  readonly entryTurns: EntryTurns
  readonly limits: DispatchLimits
  readonly log: ServerLog
  readonly audit: Audit
  readonly observer: HttpObserver
}

/** A "no" with the headers that HTTP wants beside it. */
export interface Denial {
  readonly ok: false
  readonly refusal: Refusal
  readonly headers?: Readonly<Record<string, string>>
}

/** A request as the router hands it over; `target` is a denial where no route fits. */
export interface Routed {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly path: Readonly<Record<string, string>>
  readonly target: Route | Denial
}

export type Dispatch = (routed: Routed) => Promise<void>

type Outcome = Pick<AuditLine, 'outcome' | 'code'> & { readonly reply: Reply }

/** Takes each request through access, limits, parsing and its use case, and writes the one answer. */
export function dispatcherWith(channel: Channel, options: DispatchOptions): Dispatch {
  const { limits, observer } = options
  /** Of strangers, whose bodies may be slow, and of entries that are known. */
  const inFlight = { evidence: 0, known: 0 }
  const arrivals = new Arrivals(limits.arriving)

  return async function dispatch(routed) {
    const { request, response, target } = routed
    const call = new Call(response, {
      requestId: options.newRequestId(),
      remote: channel === 'unix' ? 'local' : (request.socket.remoteAddress ?? 'gone'),
      answerMs: limits.answerMs,
    })
    const { reply, outcome, code } = await patiently(channel, routed, () => outcomeOf(routed, call))
    if ('ok' in target) {
      observer.answered('none', reply.status)
    } else {
      observer.answered(target.id, reply.status)
      if (target.access !== 'public') {
        const { requestId, remote, detail } = call
        options.audit({
          requestId,
          operation: target.id,
          remote,
          status: reply.status,
          outcome,
          ...(code !== undefined && { code }),
          ...(detail && { about: detail }),
        })
      }
    }
    // An honest client reads its answer only when it has sent everything.
    if (declaresBody(request) && !request.readableEnded) await readBody(request, 0)
    if (response.destroyed) return
    writeReply(request, response, reply, {
      requestId: call.requestId,
      channel,
      caching: !('ok' in target) && target.access === 'public' ? 'check-again' : 'store-nothing',
    })
  }

  async function outcomeOf(routed: Routed, context: CallContext): Promise<Outcome> {
    const { target } = routed
    try {
      const answer = 'ok' in target ? target : await withinCapacity(routed, target, context)
      if (answer.ok) return { reply: answer.value, outcome: 'answered' }
      const { refusal, headers }: Denial = answer
      observer.refused(refusal.code)
      const reply = refusalReply(refusal, context.requestId, headers)
      return { reply, outcome: 'refused', code: refusal.code }
    } catch (thrown) {
      options.log.error({ err: thrown, requestId: context.requestId }, 'a request failed')
      const reply = thrownReply(thrown, context.requestId)
      if (!(thrown instanceof DependencyError)) return { reply, outcome: 'failed' }
      observer.unavailable(thrown.dependency)
      return { reply, outcome: 'unavailable' }
    }
  }

  /** Public routes cost little, and probes must not fail because others are many. */
  async function withinCapacity(
    routed: Routed,
    route: Route,
    context: CallContext,
  ): Promise<Answer> {
    if (route.access === 'public') return answerOf(routed, route, context)
    const place = new Place(inFlight, route.access === 'evidence' ? 'evidence' : 'known', limits)
    const taken = place.take()
    if (!taken.ok) return taken
    try {
      return await answerOf(routed, route, context, place)
    } finally {
      place.giveBack()
    }
  }

  /** The body of a request over the network; while it is on its way, its place is another's. */
  async function bodyOf(
    { request }: Routed,
    { remote }: CallContext,
    size: BodySize,
    place: Place | undefined,
  ): Promise<Result<Json>> {
    if (channel === 'unix') return jsonBody(request, limits.bodyOctets[size])
    place?.giveBack()
    const arrived = arrivals.begin(clientOf(remote), () => request.socket.destroy())
    try {
      const body = await jsonBody(request, limits.bodyOctets[size])
      if (!body.ok || !place) return body
      const taken = place.take()
      return taken.ok ? body : taken
    } finally {
      arrived()
    }
  }

  async function answerOf(
    routed: Routed,
    route: Route,
    context: CallContext,
    place?: Place,
  ): Promise<Answer> {
    const { request } = routed
    if (route.access !== 'public' && channel !== 'unix') {
      const wait = options.takeTurn(context.remote)
      if (wait !== undefined) return throttled(wait, 'address')
    }
    // Taken now: once the connection has closed there is none.
    const peerCertificate = peerCertificateOf(request)
    const admitted = await admit(route.access, channel, peerCertificate, options.operations)
    if (!admitted.ok) return admitted
    const type = preferredType(request, route)
    if (!type.ok) return type
    // What is long or large is for the local socket, where nobody is a stranger.
    const size = channel === 'unix' ? (route.body?.size ?? 'small') : 'small'
    const run = (): Promise<Answer> =>
      route.run(options.operations, {
        path: routed.path,
        query: queryOf(request),
        body: () => bodyOf(routed, context, size, place),
        peerCertificate,
        type: type.value,
        context,
      })
    const { entry } = admitted.value
    if (entry === undefined || route.access !== 'submitter') return run()
    context.about({ by: entry })
    return inTurn(entry, run)
  }

  /** One entry that asks for much keeps no other from its turn. */
  async function inTurn(entry: string, run: () => Promise<Answer>): Promise<Answer> {
    const wait = options.entryTurns.begin(entry)
    if (wait !== undefined) return throttled(wait, 'entry')
    try {
      return await run()
    } finally {
      options.entryTurns.end(entry)
    }
  }
}

/** A place among the requests of its kind that are worked on. */
class Place {
  private readonly counts: Record<'evidence' | 'known', number>
  private readonly whose: 'evidence' | 'known'
  private readonly most: number
  private isTaken = false

  constructor(counts: Place['counts'], whose: Place['whose'], limits: DispatchLimits) {
    this.counts = counts
    this.whose = whose
    this.most = limits.inFlight
  }

  take(): Result<undefined, Refusal<'server.overloaded'>> {
    if (this.counts[this.whose] >= this.most) {
      return refuse('server.overloaded', 'too many requests are being worked on')
    }
    this.counts[this.whose] += 1
    this.isTaken = true
    return ok()
  }

  giveBack(): void {
    if (!this.isTaken) return
    this.isTaken = false
    this.counts[this.whose] -= 1
  }
}

type Answer = Result<Reply> | Denial

/** The connection of a long request may be silent; what comes after it may not. */
async function patiently<T>(
  channel: Channel,
  { request, target }: Routed,
  work: () => Promise<T>,
): Promise<T> {
  if ('ok' in target || target.patience === 'usual' || channel !== 'unix') return work()
  const { socket } = request
  const { timeout } = socket
  socket.setTimeout(0)
  try {
    return await work()
  } finally {
    if (timeout !== undefined) socket.setTimeout(timeout)
  }
}

function throttled(wait: number, client: 'address' | 'entry'): Denial {
  const refused = refuse('request.throttled', `too many requests from this ${client}`, {
    next: `try again in ${wait} s`,
  })
  return { ...refused, headers: { 'retry-after': String(wait) } }
}
