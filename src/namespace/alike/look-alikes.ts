import { type Alias, parentAlias, ROOT, segmentsOf } from '../../core/alias.js'
import type { Uid } from '../../core/uid.js'
import type { Effort } from '../questions/effort.js'
import type { IndexState } from '../state.js'
import { namesBelow, uidsAt, upTo } from './names-beside.js'
import { Targets } from './targets.js'

/** A new name that people may take for one that stands beside it. */
export interface LookAlike {
  readonly alias: Alias
  readonly resembles: Alias
  /** Of a former alias: the entry that it leads to. */
  readonly leadsTo?: Alias
}

export interface LookAlikes {
  readonly found: readonly LookAlike[]
  /** False: there are more names than were looked at, or more look-alikes than are listed. */
  readonly complete: boolean
}

/** One to two seconds: a name read from the store is a step. */
export const NAMES = 300_000
/** Of these: to look whether anything is at and under an alias. */
const LOOK = 4
/** Listed at most: more than that nobody reads. */
const MOST = 500

/**
 * The names that only these entries and scopes make, each beside what has the same parent: compared
 * segment by segment, so that a region is found that nobody has made a scope of. Never a reason to
 * refuse anything. Work grows with the new names and the names beside them, and not with their product.
 */
export async function lookAlikesOf(
  state: IndexState,
  uids: Iterable<Uid>,
  effort: Effort,
): Promise<LookAlikes> {
  const names = await newNames(state, new Set(uids), effort)
  const found = new Map<string, LookAlike>()
  for (const [region, segments] of names) {
    const targets = new Targets()
    for (const segment of segments) {
      await effort.breathe()
      if (!effort.spend(targets.add(segment))) break
    }
    for await (const { segment, former } of namesBelow(state, region, targets.nextAfter, effort)) {
      const { found: like, steps } = targets.like(segment)
      effort.spend(steps)
      for (const target of like) {
        // Of two new names the second one is told, and not each of the other.
        if (segments.has(segment) && target < segment) continue
        const [alias, resembles] = [below(region, target), below(region, segment)]
        const leadsTo = former ? formerlyOf(state, resembles, alias) : undefined
        if (former && leadsTo === undefined) continue
        const told = { alias, resembles, ...(leadsTo !== undefined && { leadsTo }) }
        found.set(`${alias} ${resembles}`, told)
      }
      if (found.size > MOST) break
    }
    if (found.size > MOST || effort.isSpent) break
  }
  const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, told]) => told)
  return { found: sorted.slice(0, MOST), complete: !effort.isSpent && found.size <= MOST }
}

/** By the region that they are in: the last segments of names at and under which nothing else is. */
async function newNames(
  state: IndexState,
  uids: ReadonlySet<Uid>,
  effort: Effort,
): Promise<ReadonlyMap<Alias, ReadonlySet<string>>> {
  const names = new Map<Alias, Set<string>>()
  const looked = new Map<Alias, boolean>()
  for (const uid of uids) {
    const object = state.entries.get(uid) ?? state.scopes.get(uid)
    for (const alias of object ? upTo(object.alias) : []) {
      await effort.breathe()
      const region = parentAlias(alias)
      const isNew =
        looked.get(alias) ??
        (looked.get(region) === true || (await isOnlyOf(state, alias, uids, effort)))
      looked.set(alias, isNew)
      if (!isNew) continue
      const segments = names.get(region) ?? new Set()
      names.set(region, segments.add(segmentsOf(alias).at(-1) ?? ''))
    }
    if (effort.isSpent) break
  }
  return names
}

/** Something is at the alias or under it, and nothing but these. */
async function isOnlyOf(
  state: IndexState,
  alias: Alias,
  uids: ReadonlySet<Uid>,
  effort: Effort,
): Promise<boolean> {
  let isThere = false
  effort.spend(LOOK)
  for (const uid of uidsAt(state, alias)) {
    if (!uids.has(uid)) return false
    isThere = true
    if (!effort.spend()) break
    await effort.breathe()
  }
  return isThere
}

/** Where a former alias leads, if not to what is compared with it. */
function formerlyOf(state: IndexState, former: Alias, beside: Alias): Alias | undefined {
  const entry = state.resolve(former)
  if (!entry || entry.state === 'retiring' || entry.alias === beside) return undefined
  // It is its name again: then it was found as such.
  return entry.alias === former ? undefined : entry.alias
}

const below = (region: Alias, segment: string): Alias =>
  (region === ROOT ? segment : `${region}/${segment}`) as Alias
