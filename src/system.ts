import { randomFillSync } from 'node:crypto'
import { type Clock, type RandomBytes, unixSeconds, type UnixSeconds } from './core/time.js'

/** The longest delay that a Node timer holds: 2^31 - 1 ms. */
const LONGEST_TIMER_MS = 2_147_483_647

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => unixSeconds(Math.floor(Date.now() / 1000)),

  async sleepUntil(at: UnixSeconds, signal?: AbortSignal): Promise<void> {
    for (;;) {
      const left = at * 1000 - Date.now()
      if (left <= 0 || signal?.aborted === true) return
      await pause(Math.min(left, LONGEST_TIMER_MS), signal)
    }
  },
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
