import { type Alias, parentAlias, ROOT } from '../core/alias.js'
import { type Envelope, meet } from './envelope.js'
import type { Scope } from './scope.js'
import type { IndexState } from './state.js'

type Limits = Pick<Scope, 'alias' | 'state' | 'envelope'>

/** All that a ceiling depends on. */
export interface Scopes {
  readonly root: Limits
  scopeByAlias(alias: Alias): Limits | undefined
}

/** Every scope from the root down to the one above `alias`. */
function scopePath(state: Scopes, alias: Alias): readonly Limits[] {
  const path: Limits[] = []
  for (let above = alias; above !== ROOT;) {
    above = parentAlias(above)
    const scope = above === ROOT ? state.root : state.scopeByAlias(above)
    if (scope) path.unshift(scope)
  }
  return path
}

/** The uppermost suspended scope above `alias`: it stops everything in it. */
export function suspendedAbove(state: Scopes, alias: Alias): Limits | undefined {
  return scopePath(state, alias).find((scope) => scope.state !== 'active')
}

/** The ceiling under which an object of this alias stands: the meet along the path from the root. */
export function ceiling(state: Scopes, alias: Alias): Envelope {
  const [first, ...rest] = scopePath(state, alias)
  const root = first ?? state.root
  return rest.reduce((sum, scope) => meet(sum, scope.envelope), root.envelope)
}

/** What holds now: narrowing a scope acts on everything below it at once. */
export function effectiveEnvelope(
  state: IndexState,
  object: { readonly alias: Alias; readonly envelope: Envelope },
): Envelope {
  return object.alias === ROOT
    ? object.envelope
    : meet(ceiling(state, object.alias), object.envelope)
}
