import type { Socket } from 'node:net'

export interface LoopLimits {
  /** How often the loop is looked at, milliseconds. */
  readonly everyMs: number
  /** A look that comes more than so many milliseconds after its time is late. */
  readonly lateMs: number
  /** So many late looks, one after the other: one pause is no overload. */
  readonly lateLooks: number
  /** So many looks in time, one after the other, and it keeps up again. */
  readonly calmLooks: number
}

export const defaultLoopLimits: LoopLimits = {
  everyMs: 10,
  lateMs: 25,
  lateLooks: 3,
  calmLooks: 5,
}

/** Handshakes under way at a listener while the loop is late: a turn's work. */
const HANDSHAKES_WHEN_LATE = 64

/**
 * Whether the event loop keeps up. A TLS handshake costs more than a certificate, and is paid before
 * anything can be refused: while the loop is late, few new connections are accepted, and those that
 * are open are served, however many they are.
 */
export class LoopWatch {
  private readonly limits: LoopLimits
  private readonly listeners = new Set<(isLate: boolean) => void>()
  private late = false
  /** Looks that spoke against `late`, one after the other. */
  private against = 0

  constructor(limits: LoopLimits = defaultLoopLimits) {
    this.limits = limits
  }

  get isLate(): boolean {
    return this.late
  }

  onChange(listener: (isLate: boolean) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** A look that came `lateMs` after its time. */
  look(lateMs: number): void {
    const { limits } = this
    if (lateMs > limits.lateMs === this.late) {
      this.against = 0
      return
    }
    this.against += 1
    if (this.against < (this.late ? limits.calmLooks : limits.lateLooks)) return
    this.against = 0
    this.late = !this.late
    for (const listener of this.listeners) listener(this.late)
  }

  /** Looks until the returned function is called. `elapsed`: milliseconds of a clock that never goes back. */
  start(elapsed: () => number): () => void {
    const { everyMs } = this.limits
    let due = elapsed() + everyMs
    const timer = setInterval(() => {
      const now = elapsed()
      this.look(now - due)
      due = now + everyMs
    }, everyMs)
    timer.unref()
    return () => clearInterval(timer)
  }
}

/** A TLS server, as much of it as is needed here. */
export interface Handshaking {
  maxConnections: number
  on(event: 'secureConnection', listener: (socket: Pick<Socket, 'once'>) => void): unknown
  once(event: 'close', listener: () => void): unknown
}

/**
 * Accepts few connections on `server` while the loop is late, beside those whose handshake is paid;
 * `connections` in all at any time.
 */
export function yieldingTo(
  loop: Pick<LoopWatch, 'isLate' | 'onChange'>,
  server: Handshaking,
  connections: number,
): void {
  let secured = 0
  const apply = (): void => {
    const whenLate = Math.min(secured + HANDSHAKES_WHEN_LATE, connections)
    server.maxConnections = loop.isLate ? whenLate : connections
  }
  const count = (change: 1 | -1): void => {
    secured += change
    if (loop.isLate) apply()
  }
  server.on('secureConnection', (socket) => {
    count(1)
    socket.once('close', () => count(-1))
  })
  apply()
  server.once('close', loop.onChange(apply))
}
