import type { Alias } from '../../core/alias.js'
import { canonicalize } from '../../core/canonical-json.js'
import type { Uid } from '../../core/uid.js'
import type { GovernedObject, IndexState } from '../state.js'
import type { Touched } from './difference.js'

/** A scope, entry or cluster that is another in one of two states. */
export interface ObjectDifference {
  readonly kind: GovernedObject['kind']
  readonly alias: Alias
  readonly change: 'created' | 'changed'
  /** Of what was changed: the members that differ. */
  readonly fields: readonly string[]
}

export interface ObjectsDifference {
  readonly objects: readonly ObjectDifference[]
  readonly touched: Touched
}

const objectOf = (state: IndexState, uid: Uid): GovernedObject | undefined =>
  state.entries.get(uid) ?? state.scopes.get(uid) ?? state.clusters.get(uid)

/** Those that have an alias which they did not have before. */
export const namedAnew = (
  before: IndexState,
  after: IndexState,
  uids: readonly Uid[],
): readonly Uid[] =>
  uids.filter((uid) => objectOf(before, uid)?.alias !== objectOf(after, uid)?.alias)

/** Of objects that may differ: how they do, and whose permissions that bears on. */
export function objectsDifference(
  before: IndexState,
  after: IndexState,
  uids: Iterable<Uid>,
): ObjectsDifference {
  const objects: ObjectDifference[] = []
  const [entries, regions] = [new Set<Uid>(), [] as Alias[]]
  for (const uid of new Set(uids)) {
    const [was, is] = [objectOf(before, uid), objectOf(after, uid)]
    if (!is) continue
    const fields = was ? differingFields(was, is) : []
    if (was && fields.length === 0) continue
    const { kind, alias } = is
    objects.push({ kind, alias, change: was ? 'changed' : 'created', fields })
    if (kind === 'entry') entries.add(uid)
    // A group decides; it allows nothing.
    else if (kind === 'scope' && (!was || fields.some((field) => field !== 'group'))) {
      regions.push(alias)
    }
  }
  objects.sort((a, b) => (`${a.kind} ${a.alias}` < `${b.kind} ${b.alias}` ? -1 : 1))
  return { objects, touched: { entries, regions } }
}

function differingFields(was: GovernedObject, is: GovernedObject): readonly string[] {
  const [old, now] = [was, is].map(
    (object) => new Map(Object.entries(object).map(([name, value]) => [name, canonicalize(value)])),
  )
  const names = new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])
  return [...names]
    .filter((name) => name !== 'rev' && name !== 'head' && old?.get(name) !== now?.get(name))
    .sort()
}
