import { ok, refuse, type Result } from '../../core/result.js'
import { groupAfter } from '../effect/groups.js'
import type { Group, Voter } from '../group.js'
import type { Scope } from '../scope.js'
import { isSound } from '../sound-group.js'
import type { IndexState } from '../state.js'
import type { RecoverySet } from './recovery.js'
import type { RecoveryStatement } from './recovery-statements.js'

/** A scope with voters of its own. */
export type Governed = Scope & { readonly group: Group }

/** Who may recover it. */
export function recoverable({ alias, group }: Governed): Result<RecoverySet> {
  if (group.recovery) return ok(group.recovery)
  return refuse('namespace.no-recovery', 'the group has named no recovery set', {
    wanted: 'a group with recovery: {holders, threshold, delay}',
    next: `capstan group set ${alias || '/'} --recovery FILE`,
  })
}

/** May the group that the set names decide, as it would be now? */
export const mayDecide = (
  { index }: Pick<IndexState, 'index'>,
  scope: Governed,
  statement: Pick<RecoveryStatement, 'group'>,
): Result<undefined> => isSound(recovered(scope, statement), { index, before: scope.group })

/**
 * The group that the set names, with the suspensions that there are. The set itself stays: only those
 * who decide, or those above, name another. Whoever was suspended since the recovery began is so in the
 * group too, whatever that leaves of it: just as if it had come to light a moment later. Else one voter
 * could keep a recovery from being finished, by two votes against each other.
 */
export function recovered(
  { group: before }: Governed,
  { group }: Pick<RecoveryStatement, 'group'>,
): Group {
  const { recovery } = before
  const after = groupAfter(before, { group: { ...group, ...(recovery && { recovery }) } })
  return { ...after, voters: after.voters.map((voter) => stillSuspended(voter, before)) }
}

/** Whoever keeps a key keeps what it signed: only those who decide let them vote again. */
function stillSuspended(voter: Voter, { voters }: Group): Voter {
  const thumbprints = new Set(voter.keys.map(({ thumbprint }) => thumbprint))
  const was = voters.some(
    ({ status, keys }) =>
      status === 'suspended' && keys.some(({ thumbprint }) => thumbprints.has(thumbprint)),
  )
  return was ? { ...voter, status: 'suspended' } : voter
}
