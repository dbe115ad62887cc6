import { ok, refuse, type Result } from '../../core/result.js'
import { groupAfter } from '../effect/groups.js'
import type { Group } from '../group.js'
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

/**
 * The group that the set names. The set itself stays: only those who decide, or those above, name
 * another.
 */
export function recovered(
  { index }: Pick<IndexState, 'index'>,
  { group: before }: Governed,
  { group }: Pick<RecoveryStatement, 'group'>,
): Result<Group> {
  const { recovery } = before
  const after = groupAfter(before, { group: { ...group, ...(recovery && { recovery }) } })
  const sound = isSound(after, { index, before })
  return sound.ok ? ok(after) : sound
}
