import { refuse, type Result } from '../../core/result.js'
import {
  hindersBrake,
  isTighterGuard,
  MAX_GUARDS,
  normalizeGuard,
  wellFormedGuard,
} from '../guard/guard.js'
import type { Operation } from '../operation.js'
import type { IndexState } from '../state.js'
import { type Decided, decided, gone } from './decision.js'

type GuardOperation = Extract<Operation, { op: `guard.${string}` }>

export function guardEffect(
  state: IndexState,
  { op, subject, body }: GuardOperation,
): Result<Decided> {
  const found = state.scopes.get(subject.uid)
  if (!found || found.state === 'retired') return gone('scope', subject.alias)
  const { guards = [], ...rest } = found
  const scope = { ...rest, rev: found.rev + 1 }
  const id = typeof body.guard === 'string' ? body.guard : body.guard.id
  const before = guards.find((guard) => guard.id === id)
  const others = guards.filter((guard) => guard !== before)
  if (op === 'guard.clear') {
    if (before) {
      return decided({ ...scope, ...(others.length > 0 && { guards: others }) }, 'structural')
    }
    return refuse('namespace.unknown', 'the scope has no such guard', {
      found: id,
      next: `capstan guards list ${found.alias || '/'}`,
    })
  }
  const formed = wellFormedGuard(body.guard)
  if (!formed.ok) return formed
  const guard = normalizeGuard(body.guard)
  const all = [...others, guard].sort((a, b) => (a.id < b.id ? -1 : 1))
  if (all.length > MAX_GUARDS) {
    return refuse('namespace.malformed', 'the scope has too many guards', {
      wanted: `at most ${MAX_GUARDS}`,
    })
  }
  // One voter may narrow. More for that would keep the others from suspending anything below.
  const tighter = (!before || isTighterGuard(guard, before)) && !hindersBrake(guard, before)
  return decided({ ...scope, guards: all }, tighter ? 'narrowing' : 'structural')
}
