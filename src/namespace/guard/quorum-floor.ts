import { type Alias, ROOT } from '../../core/alias.js'
import type { Refusal } from '../../core/refusal.js'
import { ok, refuse, type Result } from '../../core/result.js'
import { type ChangeClass, changeClasses, type Group } from '../group.js'
import type { QuorumGuard } from './guard.js'
import { type Scopes, scopePath } from '../scope-path.js'

/** What is decided on: under which names it stands before and after, and how grave it is. */
export interface GuardedChange {
  readonly aliases: readonly Alias[]
  readonly changeClass: ChangeClass
}

/**
 * Do these voters, each counted once, have behind them what every guard above the subject wants? A
 * guard of the root does not bind the root itself, so that it can be cleared by those who set it.
 */
export function reachesGuards(
  state: Scopes,
  { aliases, changeClass }: GuardedChange,
  group: Group,
  voters: ReadonlySet<string>,
): Result<undefined, Refusal<'namespace.guard-forbids'>> {
  const approving = group.voters.filter(({ id, status }) => status === 'active' && voters.has(id))
  const behind = {
    minThreshold: approving.reduce((sum, voter) => sum + voter.weight, 0),
    minControllers: new Set(approving.map((voter) => voter.controller)).size,
  }
  for (const { alias, guard } of quorumGuards(state, aliases)) {
    const least = guard.least[changeClass] ?? 0
    if (behind[guard.effect] >= least) continue
    const what = guard.effect === 'minThreshold' ? 'weight' : 'controllers'
    return refuse('namespace.guard-forbids', `a guard wants more ${what} behind this change`, {
      wanted: `${least} for a ${changeClass} change: guard ${guard.id} of the scope ${alias || '/'}`,
      found: String(behind[guard.effect]),
      next: `capstan guards list ${alias || '/'}`,
    })
  }
  return ok()
}

/** The group with what the guards above these names want of it, where that is more than it has. */
export function underGuards(state: Scopes, aliases: readonly Alias[], group: Group): Group {
  const [threshold, minControllers] = [{ ...group.threshold }, { ...group.minControllers }]
  for (const { guard } of quorumGuards(state, aliases)) {
    const needed = guard.effect === 'minThreshold' ? threshold : minControllers
    for (const name of changeClasses) {
      needed[name] = Math.max(needed[name], guard.least[name] ?? 0)
    }
  }
  return { ...group, threshold, minControllers }
}

function* quorumGuards(
  state: Scopes,
  aliases: readonly Alias[],
): Iterable<{ readonly alias: Alias; readonly guard: QuorumGuard }> {
  for (const subject of new Set(aliases)) {
    for (const { alias, guards = [] } of subject === ROOT ? [] : scopePath(state, subject)) {
      for (const guard of guards) {
        if (guard.effect === 'minThreshold' || guard.effect === 'minControllers') {
          yield { alias, guard }
        }
      }
    }
  }
}
