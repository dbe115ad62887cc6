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

/** By the last scope of a path, of scopes as they are: a change makes another object. */
const ceilings = new WeakMap<Limits, { readonly path: readonly Limits[]; readonly sum: Envelope }>()

/**
 * The ceiling under which an object of this alias stands: the meet along the path from the root. Most
 * objects stand beside many others, so that it is remembered.
 */
export function ceiling(state: Scopes, alias: Alias): Envelope {
  const path = scopePath(state, alias)
  const last = path.at(-1)
  if (!last) return limitsOf(state.root)
  const known = ceilings.get(last)
  if (known && isSame(known.path, path)) return known.sum
  const [root = last, ...rest] = path
  const sum = rest.reduce((above, scope) => meet(above, limitsOf(scope)), limitsOf(root))
  ceilings.set(last, { path, sum })
  return sum
}

const isSame = (a: readonly Limits[], b: readonly Limits[]): boolean =>
  a === b || (a.length === b.length && a.every((scope, at) => scope === b[at]))

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
