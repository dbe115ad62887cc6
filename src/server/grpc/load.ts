import type { GrpcLimits } from './limits.js'
import { GrpcFailure, grpcStatus } from './status.js'

const overloaded = (what: string): GrpcFailure =>
  new GrpcFailure(grpcStatus.RESOURCE_EXHAUSTED, `server.overloaded: ${what}`)

/** What one connection has the server hold. */
interface Share {
  streams: number
  octets: number
  readonly hangUp: () => void
}

/**
 * What the calls of one listener cost together, kept under its limits. What is held for a peer, which
 * costs it next to nothing, costs the greediest of them its connection, and nobody else a refusal: a
 * stranger who leaves requests half sent or answers untaken shuts nobody out.
 */
export class Load {
  private readonly limits: GrpcLimits
  private readonly watches = new Set<() => void>()
  private readonly shares = new Set<Share>()
  private calls = 0
  private streams = 0
  private octets = 0

  constructor(limits: GrpcLimits) {
    this.limits = limits
  }

  /** A place for work on one call, or the refusal of it. What is returned gives it back, once. */
  enter(): (() => void) | GrpcFailure {
    if (this.calls >= this.limits.calls) return overloaded('too many calls at once')
    this.calls += 1
    return once(() => {
      this.calls -= 1
    })
  }

  /** A connection, on which `hangUp` is called when it holds the most where all hold too much. */
  connected(hangUp: () => void): Peer {
    const share: Share = { streams: 0, octets: 0, hangUp }
    this.shares.add(share)
    return {
      awaits: () => {
        this.add(share, 'streams', 1)
        return once(() => this.add(share, 'streams', -1))
      },
      holds: () => this.holds(share),
      left: () => this.forget(share),
    }
  }

  /** Admits a watch; `stop` ends it when the server stops. Returns what forgets it again. */
  watch(stop: () => void): (() => void) | GrpcFailure {
    if (this.watches.size >= this.limits.watches) return overloaded('too many watches')
    this.watches.add(stop)
    return () => this.watches.delete(stop)
  }

  /** A watch has no end of its own: without this it would use up every graceful stop. */
  stopWatches(): void {
    for (const stop of this.watches) stop()
  }

  private holds(share: Share): Held {
    let held = 0
    let isOver = false
    return {
      hold: (octets) => {
        // Octets may come once the call is over, and nobody would let go of them.
        if (isOver) return
        const more = octets - held
        held = octets
        this.add(share, 'octets', more)
      },
      release: () => {
        if (isOver) return
        isOver = true
        this.add(share, 'octets', -held)
      },
    }
  }

  private add(share: Share, what: 'streams' | 'octets', more: number): void {
    // Of a connection that was hung up on nothing counts any more.
    if (!this.shares.has(share)) return
    share[what] += more
    this[what] += more
    if (this.streams > this.limits.awaited) this.hangUpOnMost('streams')
    if (this.octets > this.limits.bufferedOctets) this.hangUpOnMost('octets')
  }

  private hangUpOnMost(what: 'streams' | 'octets'): void {
    let most: Share | undefined
    for (const share of this.shares) if (!most || share[what] > most[what]) most = share
    if (!most) return
    this.forget(most)
    most.hangUp()
  }

  private forget(share: Share): void {
    if (!this.shares.delete(share)) return
    this.streams -= share.streams
    this.octets -= share.octets
  }
}

/** One connection, by what it has the server hold. */
export interface Peer {
  /** A request is on its way, or an answer waits to be taken; what is returned says that it is over. */
  readonly awaits: () => () => void
  /** Octets of one request. */
  readonly holds: () => Held
  /** The connection is over. */
  readonly left: () => void
}

export interface Held {
  /** The request now uses so many octets of memory. Counts nothing once it is released. */
  readonly hold: (octets: number) => void
  /** Owed, once; more are harmless. */
  readonly release: () => void
}

function once(act: () => void): () => void {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    act()
  }
}
