import { type Alias, isUnder } from '../core/alias.js'
import type { AuthorityState } from '../namespace/questions/authority.js'
import { scopesView } from './scopes-above.js'
import type { VerifiedEntry } from './verify-bundle.js'

/** What a bundle says of the state: its entry and the scopes above it, and nothing of anything else. */
export function stateOf({
  entry,
  scopes,
}: Pick<VerifiedEntry, 'entry' | 'scopes'>): AuthorityState {
  const view = scopesView(scopes)
  const byDepth = [...scopes].reverse()
  return {
    root: view.root,
    scopeByAlias: (alias) => view.scopeByAlias(alias),
    scopes: { get: (uid) => scopes.find((scope) => scope.uid === uid) },
    resolve: (alias) => (alias === entry.alias ? entry : undefined),
    scopeAbove: (alias: Alias) =>
      byDepth.find((scope) => scope.alias !== alias && isUnder(alias, scope.alias)) ?? view.root,
  }
}
