import { CLOCK_TOLERANCE, plus, type UnixSeconds } from '../core/time.js'
import type { Proposal } from '../namespace/statements.js'
import type { ShownCommit } from './bundle.js'

/**
 * All times at which the key of a vote was in use; undefined where the vote is of a time at which none
 * counts. When it was cast is its signer's word alone. It names the hash of the record that opened its
 * proposal, and so was made after that one: a key that was over by then signs nothing with an older date.
 */
export function timesOfVote(
  { record, opened }: Pick<ShownCommit, 'record' | 'opened'>,
  { created }: Pick<Proposal, 'created'>,
  cast: UnixSeconds,
): readonly UnixSeconds[] | undefined {
  if (!opened) return [cast, record.ts]
  if (cast < created || cast > plus(record.ts, CLOCK_TOLERANCE)) return undefined
  const asked = opened.record.ts
  return asked > cast ? [cast, asked] : [cast]
}
