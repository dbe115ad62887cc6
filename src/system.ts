import { randomFillSync } from 'node:crypto'
import { type Clock, type RandomBytes, unixSeconds, type UnixSeconds } from './core/time.js'

/**
 * Timers do not see that the clock was set, nor that the machine slept: whoever sleeps looks at it
 * this often.
 */
const LOOK_MS = 10_000
/** A clock that is kept right steps back by less than this. */
const STEP_MS = 1000

/** The machine's clock. */
export const systemClock: Clock = clockOver(() => Date.now(), LOOK_MS)

/** `wall`: milliseconds since 1970 by a clock that may be set at any time. */
export function clockOver(wall: () => number, lookMs: number): Clock {
  return {
    now: () => unixSeconds(Math.floor(wall() / 1000)),

    async sleepUntil(at: UnixSeconds, signal?: AbortSignal): Promise<void> {
      for (;;) {
        const before = wall()
        const left = at * 1000 - before
        if (left <= 0 || signal?.aborted === true) return
        await pause(Math.min(left, lookMs), signal)
        if (wall() < before - STEP_MS) return
      }
    },
  }
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
    function done(): void {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
  })
}

/** One call to the kernel's generator for many small draws: a serial costs 0.1 us instead of 4. */
const pool = new Uint8Array(4096)
let drawn = pool.length

/** The machine's CSPRNG. No octet is handed out twice, and none stays in the pool once drawn. */
export const systemRandom: RandomBytes = (size) => {
  if (size > pool.length / 4) return randomFillSync(new Uint8Array(size))
  if (drawn + size > pool.length) {
    randomFillSync(pool)
    drawn = 0
  }
  const octets = pool.slice(drawn, drawn + size)
  pool.fill(0, drawn, drawn + size)
  drawn += size
  return octets
}
