import { type Clock, plus, type RandomBytes, toIso, type UnixSeconds } from '../../core/time.js'
import type { Outcome, Problem } from '../problem.js'
import { parseInstant } from '../screen/times.js'
import { currentIdentity, renew } from './enrol.js'
import type { IdentityFolder, IdentityMeta } from './identity-folder.js'
import { renewalTime, retryPause } from './schedule.js'

/** What happens while the loop runs, one at a time. Times are ISO 8601 in UTC. */
export type RenewalEvent =
  | { readonly event: 'waiting'; readonly until: string; readonly alias: string }
  | { readonly event: 'renewed'; readonly meta: IdentityMeta; readonly previousAlias: string }
  | { readonly event: 'failed'; readonly problem: Problem; readonly retryAt: string }

export interface LoopDeps {
  readonly folder: IdentityFolder
  readonly clock: Clock
  readonly random: RandomBytes
  readonly signal: AbortSignal
  /** Called for each event, before the loop goes on. */
  readonly report: (event: RenewalEvent) => Promise<void>
  readonly server?: URL
}

/** A certificate that no amount of waiting makes good again: somebody has to enrol. */
const FINAL = new Set([
  'enrol.no-identity',
  'enrol.wrong-identity',
  'enrol.expired',
  'renewal.not-ours',
  'renewal.not-in-ledger',
  'renewal.revoked',
])

/**
 * Keeps the identity in a folder fresh until the signal: renews at 2/3 of its lifetime, and through
 * outages tries again with growing pauses. Ends early only when renewal has become impossible.
 */
export async function keepRenewed(deps: LoopDeps): Promise<Outcome<undefined>> {
  const { folder, clock, random, signal } = deps
  let failures = 0
  let due: UnixSeconds | undefined
  while (!signal.aborted) {
    const stored = await currentIdentity(folder)
    if (!stored.ok) return stored
    const { meta } = stored.value
    due ??= dueTime(meta, clock.now(), random)
    if (due > clock.now() && failures === 0) {
      await deps.report({ event: 'waiting', until: toIso(due), alias: meta.alias })
    }
    await clock.sleepUntil(due, signal)
    if (isAborted(signal)) break
    const renewed = await renew({ folder, random, signal, now: clock.now() }, deps.server)
    if (renewed.ok) {
      failures = 0
      due = undefined
      const { before, after } = renewed.value
      await deps.report({ event: 'renewed', meta: after, previousAlias: before.alias })
      continue
    }
    if (isAborted(signal)) break
    const { problem } = renewed
    if (FINAL.has(problem.code)) return renewed
    failures += 1
    due = plus(clock.now(), retryPause(failures, random))
    await deps.report({ event: 'failed', problem, retryAt: toIso(due) })
  }
  return { ok: true, value: undefined }
}

function dueTime(meta: IdentityMeta, now: UnixSeconds, random: RandomBytes): UnixSeconds {
  const [notBefore, notAfter] = [parseInstant(meta.notBefore), parseInstant(meta.notAfter)]
  if (notBefore === undefined || notAfter === undefined) return now
  return renewalTime({ notBefore, notAfter }, random)
}

/** Read afresh: it changes while the loop waits. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted
