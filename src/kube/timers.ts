import type { RandomBytes } from '../core/time.js'
import type { Timers } from '../tokenreview/ports.js'

/** The machine's timers. */
export function systemTimers(randomBytes: RandomBytes): Timers {
  return {
    deadline: (ms) => AbortSignal.timeout(ms),

    backOff(ms, signal) {
      // A random part, so that callers who failed together do not come back together.
      const [a = 0, b = 0] = randomBytes(2)
      return pause((ms * (a * 256 + b)) / 65_536, signal)
    },
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve()
      return
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}
