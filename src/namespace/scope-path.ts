import { type Alias, parentAlias, ROOT } from '../core/alias.js'
import type { Scope } from './scope.js'

/** All that a ceiling depends on. */
export type Limits = Pick<Scope, 'alias' | 'state' | 'envelope' | 'guards' | 'brake'>

/** Where scopes are looked up. */
export interface Scopes<S = Limits> {
  readonly root: S
  scopeByAlias(alias: Alias): S | undefined
  /** What `walkedPath` answers, where it is remembered. */
  scopesAbove?(alias: Alias): readonly S[]
}

/** Every scope from the root down to the one above `alias`. */
export const scopePath = <S>(state: Scopes<S>, alias: Alias): readonly S[] =>
  state.scopesAbove ? state.scopesAbove(alias) : walkedPath(state, alias)

/** The same, each of them looked up. */
export function walkedPath<S>(state: Scopes<S>, alias: Alias): readonly S[] {
  const path: S[] = []
  for (let above = alias; above !== ROOT;) {
    above = parentAlias(above)
    const scope = above === ROOT ? state.root : state.scopeByAlias(above)
    if (scope) path.push(scope)
  }
  return path.reverse()
}
