import { type Alias, isUnder } from '../../core/alias.js'
import { canonicalize } from '../../core/canonical-json.js'
import type { Uid } from '../../core/uid.js'
import type { Entry } from '../entry.js'
import type { BackendRef, TrafficSplit } from '../rule/split.js'
import type { IndexState } from '../state.js'
import type { Member, TwoStates } from './two-states.js'

/** A traffic split that is another in one of two states. */
export interface SplitDifference {
  /**
   * Of the entry whose traffic it is: as it is after; as it was, where it is not there after; its uid,
   * where that alias is another's by then.
   */
  readonly alias: string
  readonly port: number
  /** Every backend of one or the other. */
  readonly backends: readonly BackendDifference[]
}

/** Weights are shares of all of the same side; absent where the side does not name the backend. */
export interface BackendDifference {
  /** Alias, while it is the entry's and nobody else's after; its uid otherwise. */
  readonly entry: string
  /** Absent: the split's own. */
  readonly port?: number
  readonly before?: number
  readonly after?: number
}

/** What it costs to compare the splits of an entry: a step for each backend of either side. */
export const splitSteps = ({ before, after }: Pick<Member, 'before' | 'after'>): number =>
  [...(before?.splits ?? []), ...(after?.splits ?? [])].reduce(
    (sum, { backendRefs }) => sum + backendRefs.length,
    0,
  )

/** The splits of an entry that differ, by port, where the entry or a backend is under an alias. */
export function splitDifferences(
  { before, after }: TwoStates,
  { before: was, after: is }: Pick<Member, 'before' | 'after'>,
  within: Alias,
): readonly SplitDifference[] {
  const entry = is ?? was
  if (!entry) return []
  const [old, now] = [byPort(was?.splits), byPort(is?.splits)]
  const ports = [...new Set([...old.keys(), ...now.keys()])].sort((a, b) => a - b)
  return ports.flatMap((port) => {
    const [one, other] = [old.get(port), now.get(port)]
    if (canonicalize(one ?? null) === canonicalize(other ?? null)) return []
    const refs = [...(one?.backendRefs ?? []), ...(other?.backendRefs ?? [])]
    const known = refs.flatMap((ref) => nameThen({ before, after }, ref.entry) ?? [])
    if (![entry.alias, ...known].some((name) => isUnder(name, within))) return []
    const nameOf = (uid: Uid) => onlyName({ before, after }, uid) ?? uid
    const alias = isAnothers(after.state, entry) ? entry.uid : entry.alias
    return [{ alias, port, backends: backendsOf(one, other, nameOf) }]
  })
}

const byPort = (splits: readonly TrafficSplit[] = []): ReadonlyMap<number, TrafficSplit> =>
  new Map(splits.map((split) => [split.port, split]))

/** Sorted as a split has them: by uid, then port. */
function backendsOf(
  before: TrafficSplit | undefined,
  after: TrafficSplit | undefined,
  nameOf: (uid: Uid) => string,
): readonly BackendDifference[] {
  const placeOf = ({ entry, port = 0 }: BackendRef) => `${entry} ${String(port).padStart(5, '0')}`
  const sides = [before, after].map(
    (split) => new Map((split?.backendRefs ?? []).map((ref) => [placeOf(ref), ref])),
  )
  const [old, now] = sides
  const places = [...new Set(sides.flatMap((side) => [...side.keys()]))].sort()
  return places.flatMap((place) => {
    const [was, is] = [old?.get(place), now?.get(place)]
    const ref = is ?? was
    if (!ref) return []
    return {
      entry: nameOf(ref.entry),
      ...(ref.port !== undefined && { port: ref.port }),
      ...(was && { before: was.weight }),
      ...(is && { after: is.weight }),
    }
  })
}

const nameThen = ({ before, after }: TwoStates, uid: Uid): Alias | undefined =>
  nameIn(after.state, uid) ?? nameIn(before.state, uid)

/** Two entries are never told by one name, though they had it one after the other. */
function onlyName(states: TwoStates, uid: Uid): Alias | undefined {
  const alias = nameThen(states, uid)
  return alias === undefined || isAnothers(states.after.state, { alias, uid }) ? undefined : alias
}

function isAnothers(state: IndexState, { alias, uid }: Pick<Entry, 'alias' | 'uid'>): boolean {
  const holder = state.entryByAlias(alias)
  return holder !== undefined && holder.uid !== uid && holder.state !== 'retiring'
}

/** An alias may be somebody else's once an entry is retired. */
function nameIn(state: IndexState, uid: Uid): Alias | undefined {
  const entry = state.entries.get(uid)
  const isIts = entry && entry.state !== 'retiring' && state.entryByAlias(entry.alias)?.uid === uid
  return isIts ? entry.alias : undefined
}
