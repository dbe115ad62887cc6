import type { LogRecord } from '../namespace/log-record.js'
import type { ProvedScope } from './scopes-above.js'

/**
 * Could the group that a record names have decided then? Revisions of a scope's group only grow, each
 * by a record about the scope: so none is later than the one that is shown, and from the scope's latest
 * record on it is that one. Else whoever holds the log's key could name another, whose keys nobody has,
 * and so have no signature looked at. Of a scope that is not shown nothing is known.
 *
 * `op`: of the change that the record made; `group.set` and a recovery leave one revision more.
 */
export function mayHaveDecided(
  scopes: readonly ProvedScope[],
  { seq, group, kind }: Pick<LogRecord, 'seq' | 'group' | 'kind'>,
  op: string,
): boolean {
  const decider = scopes.find(({ scope }) => scope.uid === group.uid)
  if (!decider) return true
  const latest = decider.scope.group?.rev ?? 0
  if (decider.seq > seq) return group.rev <= latest
  const isSet = decider.seq === seq && (op === 'group.set' || kind === 'recovery-finish')
  return group.rev === (isSet ? latest - 1 : latest)
}
