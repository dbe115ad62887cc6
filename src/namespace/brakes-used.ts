import { days, minus, type UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { IndexState } from './state.js'

/** As long as `perWeek` of a group is about. */
export const BRAKE_WEEK = days(7)

/** Who used the brake: these voters of this scope's group. */
export interface BrakedBy {
  readonly scope: Uid
  readonly voters: readonly string[]
}

/**
 * Rows of `history`: `brake:<scope> <log time> <number>`, when a scope's voters used the brake; and
 * `brake-by:<scope> <voter> <log time> <number>` for each of those who signed it.
 */
export const brakeKeys = (
  { scope, voters }: BrakedBy,
  at: UnixSeconds,
  seq: number,
): readonly string[] =>
  [`brake:${scope}`, ...voters.map((voter) => `brake-by:${scope} ${voter}`)].map(
    (of) => `${of} ${digits(at)} ${digits(seq)}`,
  )

const digits = (value: number): string => String(Math.max(value, 0)).padStart(12, '0')

/** Numbers of the records by which the voters of a scope used the brake after `since`, oldest first. */
export const brakesUsed = (state: IndexState, scope: Uid, since: UnixSeconds): readonly number[] =>
  numbersOf(state, `brake:${scope}`, since)

/** How many of those that one voter signed still count at `at`. */
export const brakesThisWeek = (
  state: IndexState,
  { scope, voter }: { readonly scope: Uid; readonly voter: string },
  at: UnixSeconds,
): number => numbersOf(state, `brake-by:${scope} ${voter}`, minus(at, BRAKE_WEEK)).length

// Nothing that a uid or the id of a voter is made of sorts before `!`.
const numbersOf = (state: IndexState, of: string, since: UnixSeconds): readonly number[] =>
  [...state.tables.history.range(`${of} ${digits(since + 1)}`, `${of}!`)].map(([, seq]) => seq)
