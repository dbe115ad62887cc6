import type { OptionSpec } from '../command.js'
import type { Invocation } from '../invocation.js'

export const atOption: OptionSpec = {
  flags: '--at <moment>',
  description: 'as it was: a number of records, or a time (2026-11-21T08:15:20Z)',
}

/** Where a question is asked: of the index as it is, or as it was. */
export function questionPath(call: Invocation, path: string, query: URLSearchParams): string {
  const at = call.text('at')
  if (at !== undefined) query.set('at', at)
  return `/v1/${at === undefined ? '' : 'past/'}${path}?${query.toString()}`
}
