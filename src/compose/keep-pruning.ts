import { type Clock, days, minus, plus, type Seconds, unixSeconds } from '../core/time.js'
import type { IssuanceLedger } from '../issuance/ports.js'
import type { Log } from './open-log.js'

interface Deps {
  readonly ledger: Pick<IssuanceLedger, 'firstDay' | 'prune'>
  readonly clock: Clock
  /** How long the ledger keeps a certificate after it expired. */
  readonly retention: Seconds
  readonly interval: Seconds
  readonly log: Pick<Log, 'info' | 'error'>
}

/**
 * Drops what expired long enough ago, now and at every interval, until `signal` aborts. Of certificates
 * one day at a time: a clock that is weeks ahead for an hour costs the days that were next to go, and
 * neither the rows that renewals are looked up in, nor revocations of what is still valid.
 */
export async function keepPruning(deps: Deps, signal: AbortSignal): Promise<void> {
  const { ledger, clock, retention, interval, log } = deps
  while (!signal.aborted) {
    try {
      const due = minus(clock.now(), retention)
      const first = await ledger.firstDay()
      const oneDay = first === undefined ? due : plus(first, days(1))
      const rows = await ledger.prune(unixSeconds(Math.min(due, oneDay)))
      if (rows > 0) log.info({ rows }, 'pruned the ledger')
    } catch (err) {
      log.error({ err }, 'pruning the ledger failed; it is tried again')
    }
    await clock.sleepUntil(plus(clock.now(), interval), signal)
  }
}
