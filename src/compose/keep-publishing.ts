import { type Clock, plus, type Seconds } from '../core/time.js'

interface Deps {
  /** Resolves when the latest head is signed and witnesses were asked, or patience with them is over. */
  readonly publish: () => Promise<void>
  readonly clock: Clock
  readonly interval: Seconds
}

/**
 * Has new heads of the issuance log signed, at most one an interval however many certificates are
 * issued, until `signal` aborts. Nothing on the way of a certificate knows of it. The interval begins
 * when a head is cosigned: one that was replaced while witnesses sign it would never have a quorum.
 */
export async function keepPublishing(deps: Deps, signal: AbortSignal): Promise<void> {
  const { publish, clock, interval } = deps
  while (!signal.aborted) {
    await publish()
    await clock.sleepUntil(plus(clock.now(), interval), signal)
  }
}
