import { type Clock, days, earliest, minus, plus, type Seconds } from '../core/time.js'
import type { IssuanceLedger } from '../issuance/ports.js'
import type { Log } from './open-log.js'

interface Deps {
  readonly ledger: Pick<IssuanceLedger, 'days' | 'prune'>
  readonly clock: Clock
  /** How long the ledger keeps a certificate after it expired. */
  readonly retention: Seconds
  readonly interval: Seconds
  readonly log: Pick<Log, 'info' | 'error'>
}

/**
 * What is live ends on two days at most, and what is issued in less than a day of a wrong clock on three.
 */
const FEWEST_DAYS = 5

/**
 * Drops what expired long enough ago, now and at every interval, until `signal` aborts. How long ago it
 * was is not left to the clock alone: the last days on which certificates end, as many as are kept,
 * stay whatever the time is. A clock that is weeks ahead for an hour adds a day or two of its own, and
 * takes as many of the oldest: no row that a renewal is looked up in, and no revocation of what is valid.
 */
export async function keepPruning(deps: Deps, signal: AbortSignal): Promise<void> {
  const { ledger, clock, retention, interval, log } = deps
  const kept = Math.max(Math.ceil(retention / days(1)), FEWEST_DAYS)
  while (!signal.aborted) {
    try {
      const due = minus(clock.now(), retention)
      const firstKept = (await ledger.days()).at(-kept)
      const rows = firstKept === undefined ? 0 : await ledger.prune(earliest(due, firstKept))
      if (rows > 0) log.info({ rows }, 'pruned the ledger')
    } catch (err) {
      log.error({ err }, 'pruning the ledger failed; it is tried again')
    }
    await clock.sleepUntil(plus(clock.now(), interval), signal)
  }
}
