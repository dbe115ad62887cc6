import { toIso } from '../../core/time.js'
import type { VerifiedCommit } from '../../verify/verified-commit.js'
import type { Look } from '../screen/look.js'
import { renderTime } from '../screen/times.js'

/** A change, for programs; what was proposed is in its envelope. */
export interface CommitJson extends Omit<VerifiedCommit, 'operation' | 'at' | 'isForAnyClass'> {
  readonly at: string
}

export const commitJson = ({
  operation: _operation,
  isForAnyClass: _isForAnyClass,
  at,
  ...commit
}: VerifiedCommit): CommitJson => ({
  ...commit,
  at: toIso(at),
})

/** `record 19 rule.attach payments/api, 2026-11-22 03:32Z: ann, bob, 200 of 151` */
export function renderCommit(
  look: Look,
  { subject, op, at, recount, voters, seq, class: changeClass, classBy }: VerifiedCommit,
): string {
  const what = `record ${seq} ${op} ${subject.alias || '/'}, ${renderTime(toIso(at), look.now)}`
  if (recount.counted === 'before') return `${what}: not counted again (${recount.because})`
  const by = classBy === 'log' ? ` (${changeClass}, as the log alone says)` : ''
  return `${what}: ${voters.join(', ')}, ${recount.weight} of ${recount.threshold}${by}`
}
