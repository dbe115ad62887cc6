import { type Alias, ROOT } from '../core/alias.js'
import type { UnixSeconds } from '../core/time.js'
import { isBraked } from './brake-mark.js'
import { type Envelope, meet } from './envelope.js'
import { type Limits, scopePath, type Scopes } from './scope-path.js'
import type { IndexState } from './state.js'

/** The uppermost suspended scope above `alias`: it stops everything in it. */
export function suspendedAbove(state: Scopes, alias: Alias): Limits | undefined {
  return scopePath(state, alias).find((scope) => scope.state !== 'active')
}

/** The uppermost scope above `alias` that is braked at `at`. */
export function brakedAbove(state: Scopes, alias: Alias, at: UnixSeconds): Limits | undefined {
  return scopePath(state, alias).find((scope) => isBraked(scope, at))
}

/** The ceiling under which an object of this alias stands: the meet along the path from the root. */
export function ceiling(state: Scopes, alias: Alias): Envelope {
  const [first, ...rest] = scopePath(state, alias)
  const root = first ?? state.root
  return rest.reduce((sum, scope) => meet(sum, limitsOf(scope)), limitsOf(root))
}

/** The envelope of a scope, with what its guards take away from everything below. */
function limitsOf({ envelope, guards = [] }: Pick<Limits, 'envelope' | 'guards'>): Envelope {
  const lifetimes = guards.flatMap((guard) => (guard.effect === 'maxTtl' ? [guard.maxTtl] : []))
  if (lifetimes.length === 0 || envelope.maxTtl === undefined) return envelope
  return { ...envelope, maxTtl: Math.min(envelope.maxTtl, ...lifetimes) }
}

/** What holds now: narrowing a scope acts on everything below it at once. */
export function effectiveEnvelope(
  state: IndexState,
  object: Pick<Limits, 'alias' | 'envelope' | 'guards'>,
): Envelope {
  const own = limitsOf(object)
  return object.alias === ROOT ? own : meet(ceiling(state, object.alias), own)
}
