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
  const inside = (items: readonly JsonReader[], scope: string): readonly JsonReader[] =>
    byAlias(items).filter(
      (item) => item.raw('alias') !== scope && homeOf(item.raw('alias'), known) === scope,
    )
  const branch = (scope: JsonReader, label: string): TreeNode => {
    const alias = scope.raw('alias')
    const name = (item: JsonReader): string =>
      visible(item.raw('alias').slice(alias === ROOT ? 0 : alias.length + 1))
    return {
      label: `${look.paint('bold', label)}${unusualState(look, scope)}`,
      children: [
        ...inside(scopes, alias).map((child) => branch(child, `${name(child)}/`)),
        ...inside(entries, alias).map((entry) => ({
          label: `${name(entry)}  ${paintState(look, entry.text('state'))}`,
          children: [],
        })),
      ],
    }
  }
  return branch(root, root.raw('alias') === ROOT ? '/' : `${root.text('alias')}/`)
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
