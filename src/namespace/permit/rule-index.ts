import { type Alias, parentAlias, ROOT } from '../../core/alias.js'
import type { Uid } from '../../core/uid.js'
import { readyMatch } from '../rule/route.js'
import type { Rule } from '../rule/rule.js'
import { type ReadyRule, RuleList } from './rule-list.js'

/** The rules of one entry by whom they name. */
interface RuleIndex {
  readonly byUid: ReadonlyMap<Uid, RuleList>
  readonly bySubtree: ReadonlyMap<Alias, RuleList>
}

/** Rules are never changed in place: an index of them holds as long as they do. */
const indexes = new WeakMap<readonly Rule[], RuleIndex>()

/**
 * Rules that name this caller, list by list: as itself first, then by the nearest subtree. A rule may
 * come twice.
 */
export function rulesNaming(
  rules: readonly Rule[],
  caller: { readonly uid: Uid; readonly alias: Alias },
): readonly RuleList[] {
  const { byUid, bySubtree } = indexOf(rules)
  const lists: RuleList[] = []
  const own = byUid.get(caller.uid)
  if (own) lists.push(own)
  if (bySubtree.size === 0) return lists
  for (let region = caller.alias; ; region = parentAlias(region)) {
    const named = bySubtree.get(region)
    if (named) lists.push(named)
    if (region === ROOT) return lists
  }
}

function indexOf(rules: readonly Rule[]): RuleIndex {
  const known = indexes.get(rules)
  if (known) return known
  const byUid = new Map<Uid, ReadyRule[]>()
  const bySubtree = new Map<Alias, ReadyRule[]>()
  for (const rule of rules) {
    const ready = readyRule(rule)
    for (const caller of rule.callers) {
      if (typeof caller === 'string') add(byUid, caller, ready)
      else add(bySubtree, caller.subtree, ready)
    }
  }
  const index = { byUid: listed(byUid), bySubtree: listed(bySubtree) }
  indexes.set(rules, index)
  return index
}

const readyRule = ({ id, rev, from, until, ports, routes, brake }: Rule): ReadyRule => ({
  id,
  rev,
  // A brake is of now: what was before it is no question that the present state answers.
  from: Math.max(from ?? 0, brake?.until ?? 0),
  until: until ?? Infinity,
  ports,
  routes: routes?.map(readyMatch) ?? null,
})

function add<K>(index: Map<K, ReadyRule[]>, key: K, rule: ReadyRule): void {
  const known = index.get(key)
  if (known) known.push(rule)
  else index.set(key, [rule])
}

const listed = <K>(index: ReadonlyMap<K, readonly ReadyRule[]>): ReadonlyMap<K, RuleList> =>
  new Map([...index].map(([key, rules]) => [key, new RuleList(rules)]))
