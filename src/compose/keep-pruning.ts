import { type Clock, minus, plus, type Seconds } from '../core/time.js'
import type { IssuanceLedger } from '../issuance/ports.js'
import type { Log } from './open-log.js'

interface Deps {
  readonly ledger: Pick<IssuanceLedger, 'prune'>
  readonly clock: Clock
  /** How long the ledger keeps a certificate after it expired. */
  readonly retention: Seconds
  readonly interval: Seconds
  readonly log: Pick<Log, 'info' | 'error'>
}

/** Drops what expired long enough ago, now and at every interval, until `signal` aborts. */
export async function keepPruning(deps: Deps, signal: AbortSignal): Promise<void> {
  const { ledger, clock, retention, interval, log } = deps
  while (!signal.aborted) {
    try {
      const rows = await ledger.prune(minus(clock.now(), retention))
      if (rows > 0) log.info({ rows }, 'pruned the ledger')
    } catch (err) {
      log.error({ err }, 'pruning the ledger failed; it is tried again')
    }
    await clock.sleepUntil(plus(clock.now(), interval), signal)
  }
}
