import type { Server, Socket } from 'node:net'
import { clientOf } from './client-of.js'
import type { ServerLog } from './grpc/log.js'

/**
 * Accepted beyond what may be open: what is hung up on is closed a turn later, and who comes
 * meanwhile is not to be dropped for it.
 */
export const CLOSING_CONNECTIONS = 256

/** It is not said of each: whoever tries is not to fill the log. */
const SAID_EVERY_MS = 10_000

/** A connection that goes, and how many its client had. */
interface Displaced<C> {
  readonly client: string
  readonly had: number
  readonly connection: C
}

/**
 * Who has the connections of a listener. Where there are too many, the oldest of whoever has most goes:
 * a client that opens as many as there may be, and says nothing on them, takes the place of nobody
 * else. Of clients that have as many, the one that has been there for longest counts as the one.
 */
export class ConnectionPlaces<C> {
  private readonly most: number
  /** By client, the oldest connection first. */
  private readonly clients = new Map<string, Set<C>>()
  private count = 0

  constructor(most: number) {
    this.most = most
  }

  /** One more. What goes for it is not known here any more. */
  enter(client: string, connection: C): Displaced<C> | undefined {
    const its = this.clients.get(client) ?? new Set()
    this.clients.set(client, its.add(connection))
    this.count += 1
    return this.count > this.most ? this.displace() : undefined
  }

  /** Closed, by whomever; repeating it is harmless. */
  leave(client: string, connection: C): void {
    const its = this.clients.get(client)
    if (its?.delete(connection) !== true) return
    this.count -= 1
    if (its.size === 0) this.clients.delete(client)
  }

  private displace(): Displaced<C> | undefined {
    let greediest: readonly [string, ReadonlySet<C>] | undefined
    for (const one of this.clients) {
      if (!greediest || one[1].size > greediest[1].size) greediest = one
    }
    if (!greediest) return undefined
    const [client, { size: had }] = greediest
    for (const connection of greediest[1]) {
      this.leave(client, connection)
      return { client, had, connection }
    }
    return undefined
  }
}

/** Keeps the connections of `server` to `most`, from before their handshake on. */
export function sharePlaces(
  server: Pick<Server, 'on'>,
  most: number,
  log: Pick<ServerLog, 'warn'>,
): void {
  const places = new ConnectionPlaces<Socket>(most)
  let said = -Infinity
  server.on('connection', (socket: Socket) => {
    const client = clientOf(socket.remoteAddress ?? 'unknown')
    const displaced = places.enter(client, socket)
    socket.once('close', () => places.leave(client, socket))
    if (!displaced) return
    displaced.connection.destroy()
    if (performance.now() - said < SAID_EVERY_MS) return
    said = performance.now()
    log.warn(
      { remote: displaced.client, connections: displaced.had },
      'too many connections: of whoever has most, the oldest are closed',
    )
  })
}
