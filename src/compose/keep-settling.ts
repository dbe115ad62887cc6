import { type Clock, plus, type Seconds } from '../core/time.js'
import type { Change } from '../namespace/change.js'
import type { Log } from './open-log.js'

interface Deps {
  readonly index: { settle(): Promise<readonly Change[]> }
  readonly clock: Clock
  readonly interval: Seconds
  readonly log: Pick<Log, 'info' | 'error'>
}

/** Makes true what has passed and waited out its timelock, at every interval, until `signal` aborts. */
export async function keepSettling(deps: Deps, signal: AbortSignal): Promise<void> {
  const { index, clock, interval, log } = deps
  while (!signal.aborted) {
    try {
      for (const { op, alias, proposal } of await index.settle()) {
        log.info({ op, alias, proposal }, 'a proposal took effect')
      }
    } catch (err) {
      log.error({ err }, 'looking after proposals failed; it is tried again')
    }
    await clock.sleepUntil(plus(clock.now(), interval), signal)
  }
}
