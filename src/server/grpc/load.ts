import type { GrpcLimits } from './limits.js'
import { GrpcFailure, grpcStatus } from './status.js'

const overloaded = (what: string): GrpcFailure =>
  new GrpcFailure(grpcStatus.RESOURCE_EXHAUSTED, `server.overloaded: ${what}`)

/** What the calls of one listener cost together, kept under its limits. */
export class Load {
  private readonly limits: GrpcLimits
  private readonly watches = new Set<() => void>()
  private calls = 0
  private octets = 0

  constructor(limits: GrpcLimits) {
    this.limits = limits
  }

  /** A place for one call, or the refusal of it. `release` is owed, once; more are harmless. */
  enter(): CallSlot | GrpcFailure {
    if (this.calls >= this.limits.calls) return overloaded('too many calls at once')
    this.calls += 1
    let held = 0
    let entered = true
    return {
      hold: (octets) => {
        // Octets may come once the call is over, and nobody would let go of them.
        if (!entered) return undefined
        this.octets += octets - held
        held = octets
        return this.octets > this.limits.bufferedOctets
          ? overloaded('too many octets of requests at once')
          : undefined
      },
      release: () => {
        if (!entered) return
        entered = false
        this.calls -= 1
        this.octets -= held
      },
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
}

export interface CallSlot {
  /**
   * The call now uses so many octets of memory; a failure when that is more than all calls may.
   * Counts nothing once the place is released.
   */
  readonly hold: (octets: number) => GrpcFailure | undefined
  readonly release: () => void
}
