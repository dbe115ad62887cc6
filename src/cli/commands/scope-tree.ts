import { type Alias, parentAlias, ROOT } from '../../core/alias.js'
import { visible } from '../../core/visible.js'
import type { JsonReader } from '../json-reader.js'
import { type Look, paintState } from '../screen/look.js'
import type { TreeNode } from '../screen/tree.js'

/** In the order that people look for them. */
export const byAlias = (items: readonly JsonReader[]): readonly JsonReader[] =>
  [...items].sort((a, b) => (a.raw('alias') < b.raw('alias') ? -1 : 1))

/** Scopes as branches (with a trailing `/`), entries as leaves with their state. */
export function scopeTree(
  look: Look,
  root: JsonReader,
  scopes: readonly JsonReader[],
  entries: readonly JsonReader[],
): TreeNode {
  const known = new Set([root.raw('alias'), ...scopes.map((scope) => scope.raw('alias'))])
  const [branches, leaves] = [byHome(scopes, known), byHome(entries, known)]
  const branch = (scope: JsonReader, label: string): TreeNode => {
    const alias = scope.raw('alias')
    const name = (item: JsonReader): string =>
      visible(item.raw('alias').slice(alias === ROOT ? 0 : alias.length + 1))
    return {
      label: `${look.paint('bold', label)}${unusualState(look, scope)}`,
      children: [
        ...(branches.get(alias) ?? []).map((child) => branch(child, `${name(child)}/`)),
        ...(leaves.get(alias) ?? []).map((entry) => ({
          label: `${name(entry)}  ${paintState(look, entry.text('state'))}`,
          children: [],
        })),
      ],
    }
  }
  return branch(root, root.raw('alias') === ROOT ? '/' : `${root.text('alias')}/`)
}

/** In the order of their aliases, by the scope that each is in. The root is in none. */
function byHome(
  items: readonly JsonReader[],
  known: ReadonlySet<string>,
): ReadonlyMap<string, readonly JsonReader[]> {
  const homes = new Map<string, JsonReader[]>()
  for (const item of byAlias(items)) {
    const alias = item.raw('alias')
    if (alias === ROOT) continue
    const home = homeOf(alias, known)
    const inside = homes.get(home)
    if (inside) inside.push(item)
    else homes.set(home, [item])
  }
  return homes
}

/** The nearest scope above. An alias may skip levels that are no scope. */
function homeOf(alias: string, known: ReadonlySet<string>): string {
  let home = parentAlias(alias as Alias)
  while (home !== ROOT && !known.has(home)) home = parentAlias(home)
  return home
}

/** An active scope is the rule and says nothing. */
function unusualState(look: Look, scope: JsonReader): string {
  const state = scope.text('state')
  return state === 'active' ? '' : `  ${paintState(look, state)}`
}
