import type { Alias } from '../core/alias.js'
import { canonicalize } from '../core/canonical-json.js'
import { entryDnsName, linkerdName, spiffeIdOf, type TrustDomain } from '../core/names.js'
import type { UnixSeconds } from '../core/time.js'
import { sha256Hex, type Uid } from '../core/uid.js'
import { bindingKey } from './binding.js'
import type { Cluster } from './cluster.js'
import { type Entry, entryState } from './entry.js'
import type { Scope } from './scope.js'
import type { Quarantine, StateSource, StateTables } from './state-tables.js'
import type { Table } from './table.js'

export type GovernedObject = Scope | Entry | Cluster

/**
 * The governed namespace as it is: read-only, a pure fold over the log. Lookups cost the same however
 * many entries there are; they are synchronous, and throw `DependencyError` when the store does not
 * answer.
 */
export interface IndexState {
  /** Index id: digest of the genesis, hex. Pinned by every verifier. */
  readonly index: string
  readonly trustDomain: TrustDomain
  /** Records in the log. */
  readonly size: number
  /** Hash of the last record. */
  readonly head: string
  /** Log time of the last record. */
  readonly at: UnixSeconds
  readonly solo: boolean
  readonly scopes: Table<Uid, Scope>
  readonly entries: Table<Uid, Entry>
  readonly clusters: Table<Uid, Cluster>
  /** Entries, of every state. */
  readonly entryCount: number
  readonly root: Scope
  /** What lookups go by. */
  readonly tables: StateTables
  /** All of it, to fold more on top of. */
  readonly source: StateSource
  /** The latest entry under this alias, whatever its state. */
  entryByAlias(alias: Alias): Entry | undefined
  scopeByAlias(alias: Alias): Scope | undefined
  clusterByAlias(alias: Alias): Cluster | undefined
  /** As `entryByAlias`, and where an entry was renamed from this alias, the renamed one. */
  resolve(alias: Alias): Entry | undefined
  /**
   * Entries at and under an alias, of every state, in the order of their aliases; with `after`, those
   * that follow this one (`placeOf`).
   */
  entriesUnder(region: Alias, after?: string): Iterable<Entry>
  /** The entry bound to this service account. */
  bindingOwner(cluster: Uid, namespace: string, serviceAccount: string): Entry | undefined
  /** Who holds a key (`alias:`, `name:`, `k8s:`, `edge:`) now. */
  holder(key: string): Uid | undefined
  quarantined(key: string): Quarantine | undefined
  /** The deepest scope that is the alias's ancestor, whatever its state; the root at last. */
  scopeAbove(alias: Alias): Scope
  /** Numbers of the records about one object, oldest first. */
  recordsOf(uid: Uid): readonly number[]
}

/** Where an entry stands among all of them: by alias, then by uid. */
export const placeOf = ({ alias, uid }: Pick<Entry, 'alias' | 'uid'>): string => `${alias} ${uid}`

/** The projected names an entry holds while it is not retired. */
export function projectedNames(
  state: Pick<IndexState, 'trustDomain' | 'clusters'>,
  entry: Pick<Entry, 'alias' | 'bindings'>,
): string[] {
  const names: string[] = [spiffeIdOf(state.trustDomain, entry.alias)]
  const dns = entryDnsName(state.trustDomain, entry.alias)
  if (dns !== undefined) names.push(dns)
  for (const binding of entry.bindings) {
    if (binding.kind !== 'k8s') continue
    const cluster = state.clusters.get(binding.cluster)
    const name = cluster && linkerdName(cluster, binding.namespace, binding.serviceAccount)
    if (name !== undefined && !names.includes(name)) names.push(name)
  }
  return names
}

/** Every key that only one entry may hold. */
export function keysOf(
  state: Pick<IndexState, 'trustDomain' | 'clusters'>,
  entry: Entry,
): string[] {
  return [
    `alias:${entry.alias}`,
    ...projectedNames(state, entry).map((name) => `name:${name}`),
    ...entry.bindings.map(bindingKey).filter((key) => key !== undefined),
  ]
}

/** What one record does to the state, decided and checked before any of it happens. */
export interface Effect {
  readonly put: GovernedObject
  /** Keys that the object gives up and others may not have yet. */
  readonly quarantine: readonly (readonly [string, Quarantine])[]
  /** An alias that now leads to this object. */
  readonly redirectFrom?: Alias
  /** Of a scope: the use of a grant that its voters say was right, by the number of its record. */
  readonly ratifies?: number
}

/** Digest of an object as a record's `before` and `after` name it: without `head`, which is that record. */
export function objectDigest(object: GovernedObject): string {
  const { head: _head, ...rest } = object
  return sha256Hex(canonicalize(rest))
}

/** The whole state as text: equal states have equal bytes, on any machine. All of it in memory. */
export function canonicalState(state: IndexState): string {
  const { proposals, quarantines, redirects } = state.tables
  const rows = [...proposals.range()].map(([, row]) => row)
  return canonicalize({
    at: state.at,
    clusters: [...state.clusters.range()].map(([, cluster]) => cluster),
    entries: [...state.entries.range()].map(([, entry]) => entry),
    head: state.head,
    index: state.index,
    ...(rows.length > 0 && { proposals: rows }),
    quarantines: Object.fromEntries(quarantines.range()),
    redirects: Object.fromEntries(redirects.range()),
    scopes: [...state.scopes.range()].map(([, scope]) => scope),
    size: state.size,
    trustDomain: state.trustDomain,
  })
}

/** May `uid` take this key at `now`? The one who stands in its way, or undefined. */
export function obstacle(
  state: IndexState,
  key: string,
  uid: Uid,
  now: UnixSeconds,
):
  | { readonly kind: 'held' | 'quarantined'; readonly by: Uid; readonly until?: UnixSeconds }
  | undefined {
  const holder = state.holder(key)
  const entry = holder === undefined ? undefined : state.entries.get(holder)
  if (entry && entry.uid !== uid && entryState(entry, now) !== 'retired') {
    return { kind: 'held', by: entry.uid }
  }
  const quarantine = state.quarantined(key)
  if (quarantine && quarantine.uid !== uid && now < quarantine.until) {
    return { kind: 'quarantined', by: quarantine.uid, until: quarantine.until }
  }
  return undefined
}
