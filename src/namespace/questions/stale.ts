import type { Alias } from '../../core/alias.js'
import type { UnixSeconds } from '../../core/time.js'
import type { Uid } from '../../core/uid.js'
import { type Entry, entryState } from '../entry.js'
import { type IndexState, placeOf } from '../state.js'
import type { Effort } from './effort.js'

/** The latest certificate of an entry, as the ledger has it; undefined: none was ever issued. */
export type LastIssued = (entry: Uid) => Promise<UnixSeconds | undefined>

export interface AskedStale {
  readonly now: UnixSeconds
  /** Certificates before this second do not count. */
  readonly before: UnixSeconds
  readonly limit: number
  /** Where the page before ended. */
  readonly after?: string
}

/** An entry that nobody uses, or rules that allow nobody anything. */
export interface StaleEntry {
  readonly entry: Entry
  /** Absent where there was a certificate lately: then it is listed for its rules. */
  readonly unused?: { readonly last: UnixSeconds | null }
  readonly rules: readonly StaleRule[]
}

export interface StaleRule {
  readonly id: string
  /** Its time is over, or all that it names are retired. */
  readonly because: 'over' | 'callers-retired'
}

export interface StalePage {
  readonly stale: readonly StaleEntry[]
  readonly next?: string
}

/**
 * Active entries without a certificate for long, of those that are old enough to have had one. What
 * calls are made is nobody's knowledge here. Two look-ups for each entry; a page ends with the effort.
 */
export async function staleIn(
  state: IndexState,
  region: Alias,
  { now, before, limit, after }: AskedStale,
  lastIssued: LastIssued,
  effort: Effort,
): Promise<StalePage> {
  const stale: StaleEntry[] = []
  let last: Entry | undefined
  for (const entry of state.entriesUnder(region, after)) {
    if (last && (stale.length === limit || effort.isSpent)) return { stale, next: placeOf(last) }
    last = entry
    effort.spend(4 + entry.rules.length)
    await effort.breathe()
    if (entryState(entry, now) !== 'active') continue
    const issued = entry.createdAt < before ? await lastIssued(entry.uid) : now
    const isUnused = issued === undefined || issued < before
    const rules = staleRules(state, entry, now, effort)
    if (!isUnused && rules.length === 0) continue
    stale.push({ entry, ...(isUnused && { unused: { last: issued ?? null } }), rules })
  }
  return { stale }
}

function staleRules(
  state: IndexState,
  { rules }: Entry,
  now: UnixSeconds,
  effort: Effort,
): readonly StaleRule[] {
  return rules.flatMap(({ id, until, callers }): StaleRule[] => {
    if (until !== undefined && until <= now) return [{ id, because: 'over' }]
    const isRetired = callers.every((caller) => {
      if (typeof caller !== 'string' || !effort.spend()) return false
      const entry = state.entries.get(caller)
      return !entry || ['retiring', 'retired'].includes(entryState(entry, now))
    })
    return isRetired ? [{ id, because: 'callers-retired' }] : []
  })
}
