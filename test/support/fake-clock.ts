import { type Clock, type Seconds, unixSeconds, type UnixSeconds } from '../../src/core/time.js'

/** Every test's beginning of time: 2026-11-21T00:00:00Z. */
export const T0 = unixSeconds(1_795_219_200)

/** A clock that stands still until a test moves it; sleepers wake as it passes them, and all when it is set back. */
export class FakeClock implements Clock {
  private sleepers: { at: UnixSeconds; wake: () => void }[] = []
  private at: UnixSeconds

  constructor(at: UnixSeconds = T0) {
    this.at = at
  }

  now(): UnixSeconds {
    return this.at
  }

  sleepUntil(at: UnixSeconds, signal?: AbortSignal): Promise<void> {
    if (at <= this.at || signal?.aborted === true) return Promise.resolve()
    return new Promise((resolve) => {
      this.sleepers.push({ at, wake: resolve })
      signal?.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  advance(length: Seconds): void {
    this.set(unixSeconds(this.at + length))
  }

  set(at: UnixSeconds): void {
    const isBack = at < this.at
    this.at = at
    const due = this.sleepers.filter((sleeper) => isBack || sleeper.at <= at)
    this.sleepers = this.sleepers.filter((sleeper) => !due.includes(sleeper))
    for (const sleeper of due) sleeper.wake()
  }
}
