import { type Clock, plus, type Seconds } from '../core/time.js'

interface Deps {
  readonly publish: () => void
  readonly clock: Clock
  readonly interval: Seconds
}

/**
 * Has new heads of the issuance log signed, at most one an interval however many certificates are
 * issued, until `signal` aborts. Nothing on the way of a certificate knows of it.
 */
export async function keepPublishing(deps: Deps, signal: AbortSignal): Promise<void> {
  const { publish, clock, interval } = deps
  while (!signal.aborted) {
    publish()
    await clock.sleepUntil(plus(clock.now(), interval), signal)
  }
}
