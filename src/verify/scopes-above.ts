import { type Alias, parentAlias, ROOT } from '../core/alias.js'
import { ok, type Result } from '../core/result.js'
import type { Uid } from '../core/uid.js'
import { newUid } from '../namespace/decide.js'
import type { Scope } from '../namespace/scope.js'
import type { Bundle, ShownObject } from './bundle.js'
import { holderInState, isInState, notProved, type NotProved, type ProvedHead } from './proved.js'
import type { Scopes } from '../namespace/scope-path.js'

/** A scope above the entry, whose state is proved. */
export interface ProvedScope {
  readonly shown: ShownObject<Scope>
  readonly scope: Scope
  /** Number of the record that made it what it is. */
  readonly seq: number
}

/**
 * Every scope above the entry, the root first. That there are no others is proved too, alias by
 * alias: one that was left out could hold a guard. The root's uid follows from the index id.
 */
export function scopesAbove(
  head: ProvedHead,
  { index, root, above, entry }: Bundle,
  made: (shown: ShownObject<Scope>) => ProvedScope,
): Result<readonly ProvedScope[], NotProved> {
  const isRoot = root.state.uid === newUid('s', index) && root.state.alias === ROOT
  if (!isRoot || !isInState(head, root.state, root.proof)) return notProved('the root scope')
  const names = aliasesAbove(entry.state.alias)
  const isAll =
    above.length === names.length && names.every((name, at) => above[at]?.alias === name)
  if (!isAll) return notProved('the scope of every alias above the entry')
  const proved = [made(root)]
  for (const { alias, proof, scope } of above) {
    const holder = holderInState(head, alias, proof)
    if (!holder.ok) return holder
    const wanted = holder.value !== undefined && isScopeUid(holder.value) ? holder.value : undefined
    if (scope?.state.uid !== wanted) return notProved(`the scope ${alias}`)
    if (!scope) continue
    if (scope.state.alias !== alias || !isInState(head, scope.state, scope.proof)) {
      return notProved(`the scope ${alias}`)
    }
    proved.push(made(scope))
  }
  return ok(proved)
}

const isScopeUid = (uid: Uid): boolean => uid.startsWith('s')

/** From the root's side down, without the root: `a/b/c` is below `a` and `a/b`. */
export function aliasesAbove(alias: Alias): readonly Alias[] {
  const above = parentAlias(alias)
  return above === ROOT ? [] : [...aliasesAbove(above), above]
}

/** To look scopes up in, as they are. */
export function scopesView<S extends Pick<Scope, 'alias'>>(scopes: readonly S[]): Scopes<S> {
  const [root] = scopes
  if (!root) throw new Error('no root scope')
  return { root, scopeByAlias: (alias) => scopes.find((scope) => scope.alias === alias) }
}
