import type { OptionSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import { type Outcome, usage } from '../problem.js'

export const atOption: OptionSpec = {
  flags: '--at <moment>',
  description: 'as it was: a number of records, or a time (2026-11-21T08:15:20Z)',
}

/** Refused where `--at` is asked for; undefined where it is not. */
export function noMoment(
  call: Invocation,
  because: string,
  next: string,
): Outcome<never> | undefined {
  if (call.text('at') === undefined) return undefined
  return usage(`what was so at an earlier moment cannot be told: ${because}`, {
    wanted: 'the question without --at',
    next,
  })
}

/** Where a question is asked: of the index as it is, or as it was. */
export function questionPath(call: Invocation, path: string, query: URLSearchParams): string {
  const at = call.text('at')
  if (at !== undefined) query.set('at', at)
  const asked = query.size === 0 ? '' : `?${query.toString()}`
  return `/v1/${at === undefined ? '' : 'past/'}${path}${asked}`
}

/** At once, so that the log is read again but a few times. */
const PAST_PAGE = 10_000

/** So many are asked for at a time, of as many as are still wanted. */
export const pageOf = (call: Invocation, wanted: number, usual: number): number =>
  Math.min(call.text('at') === undefined ? usual : PAST_PAGE, wanted)
