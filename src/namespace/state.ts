import { type Alias, parentAlias, ROOT } from '../core/alias.js'
import { canonicalize } from '../core/canonical-json.js'
import { entryDnsName, linkerdName, spiffeIdOf, type TrustDomain } from '../core/names.js'
import { sha256Hex, type Uid } from '../core/uid.js'
import type { UnixSeconds } from '../core/time.js'
import { type Binding, bindingKey } from './binding.js'
import type { Cluster } from './cluster.js'
import { type Entry, entryState } from './entry.js'
import type { Scope } from './scope.js'

export type GovernedObject = Scope | Entry | Cluster

/** A name that was given up, and until when nobody else may have it. */
export interface Quarantine {
  readonly uid: Uid
  readonly until: UnixSeconds
}

/** The governed namespace as it is: read-only, a pure fold over the log. */
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
  readonly scopes: ReadonlyMap<Uid, Scope>
  readonly entries: ReadonlyMap<Uid, Entry>
  readonly clusters: ReadonlyMap<Uid, Cluster>
  readonly root: Scope
  /** The latest entry under this alias, whatever its state. */
  entryByAlias(alias: Alias): Entry | undefined
  scopeByAlias(alias: Alias): Scope | undefined
  clusterByAlias(alias: Alias): Cluster | undefined
  /** As `entryByAlias`, and where an entry was renamed from this alias, the renamed one. */
  resolve(alias: Alias): Entry | undefined
  /** The entry bound to this service account. */
  bindingOwner(cluster: Uid, namespace: string, serviceAccount: string): Entry | undefined
  /** Who holds a key (`alias:`, `name:`, `k8s:`, `edge:`) now. */
  holder(key: string): Uid | undefined
  quarantined(key: string): Quarantine | undefined
  /** Every name that was ever given up, by key. */
  readonly quarantines: ReadonlyMap<string, Quarantine>
  /** Where the former aliases of renamed entries lead. */
  readonly redirects: ReadonlyMap<Alias, Uid>
  vmBindings(): Iterable<readonly [Binding, Uid]>
  /** The deepest scope that is the alias's ancestor, whatever its state; the root at last. */
  scopeAbove(alias: Alias): Scope
  /** Numbers of the records about one object, oldest first. */
  recordsOf(uid: Uid): readonly number[]
}

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
}

/** The one mutable state; everybody else sees `IndexState`. */
export class FoldedState implements IndexState {
  index = ''
  trustDomain = '' as TrustDomain
  size = 0
  head = ''
  at = 0 as UnixSeconds
  readonly scopes = new Map<Uid, Scope>()
  readonly entries = new Map<Uid, Entry>()
  readonly clusters = new Map<Uid, Cluster>()
  private rootUid: Uid | undefined
  private readonly aliases = new Map<string, Uid>()
  private readonly held = new Map<string, Uid>()
  readonly quarantines = new Map<string, Quarantine>()
  readonly redirects = new Map<Alias, Uid>()
  private readonly selectors = new Map<string, readonly [Binding, Uid]>()
  private readonly history = new Map<Uid, number[]>()

  get root(): Scope {
    const root = this.rootUid === undefined ? undefined : this.scopes.get(this.rootUid)
    if (!root) throw new Error('the index has no genesis')
    return root
  }

  get solo(): boolean {
    return this.root.group?.solo === true
  }

  entryByAlias(alias: Alias): Entry | undefined {
    const uid = this.aliases.get(`entry:${alias}`)
    return uid && this.entries.get(uid)
  }

  scopeByAlias(alias: Alias): Scope | undefined {
    const uid = this.aliases.get(`scope:${alias}`)
    return uid && this.scopes.get(uid)
  }

  clusterByAlias(alias: Alias): Cluster | undefined {
    const uid = this.aliases.get(`cluster:${alias}`)
    return uid && this.clusters.get(uid)
  }

  resolve(alias: Alias): Entry | undefined {
    const found = this.entryByAlias(alias)
    if (found) return found
    const uid = this.redirects.get(alias)
    return uid && this.entries.get(uid)
  }

  bindingOwner(cluster: Uid, namespace: string, serviceAccount: string): Entry | undefined {
    const uid = this.held.get(`k8s:${cluster}/${namespace}/${serviceAccount}`)
    return uid && this.entries.get(uid)
  }

  holder(key: string): Uid | undefined {
    return this.held.get(key)
  }

  quarantined(key: string): Quarantine | undefined {
    return this.quarantines.get(key)
  }

  vmBindings(): Iterable<readonly [Binding, Uid]> {
    return this.selectors.values()
  }

  scopeAbove(alias: Alias): Scope {
    for (let above = alias; above !== ROOT;) {
      above = parentAlias(above)
      const scope = this.scopeByAlias(above)
      if (scope) return scope
    }
    return this.root
  }

  recordsOf(uid: Uid): readonly number[] {
    return this.history.get(uid) ?? []
  }

  /** The genesis: the index, its trust domain and its root scope. */
  begin(index: string, trustDomain: TrustDomain, root: Scope): void {
    this.index = index
    this.trustDomain = trustDomain
    this.rootUid = root.uid
    this.put(root)
  }

  apply(effect: Effect): void {
    const { put, quarantine, redirectFrom } = effect
    if (put.kind === 'entry') this.release(put.uid)
    this.put(put)
    for (const [key, value] of quarantine) this.quarantines.set(key, value)
    if (redirectFrom !== undefined) this.redirects.set(redirectFrom, put.uid)
  }

  /** Notes one more record, about `subject`. */
  advance(head: string, at: UnixSeconds, subject: Uid): void {
    const numbers = this.history.get(subject)
    if (numbers) numbers.push(this.size)
    else this.history.set(subject, [this.size])
    this.size += 1
    this.head = head
    this.at = at
  }

  /** A copy that can be changed without this one noticing. Costs one pass over everything. */
  clone(): FoldedState {
    const copy = new FoldedState()
    Object.assign(copy, {
      index: this.index,
      trustDomain: this.trustDomain,
      size: this.size,
      head: this.head,
      at: this.at,
    })
    copy.rootUid = this.rootUid
    const maps = [
      'scopes',
      'entries',
      'clusters',
      'aliases',
      'held',
      'quarantines',
      'redirects',
      'selectors',
    ] as const
    for (const name of maps) {
      const [from, to] = [this[name], copy[name]] as [Map<string, unknown>, Map<string, unknown>]
      for (const [key, value] of from) to.set(key, value)
    }
    for (const [uid, numbers] of this.history) copy.history.set(uid, [...numbers])
    return copy
  }

  private release(uid: Uid): void {
    const before = this.entries.get(uid)
    if (!before) return
    for (const key of keysOf(this, before)) {
      if (this.held.get(key) === uid) this.held.delete(key)
    }
    for (const { id } of before.bindings) this.selectors.delete(`${uid}/${id}`)
    const alias = `entry:${before.alias}`
    if (this.aliases.get(alias) === uid) this.aliases.delete(alias)
  }

  private put(object: GovernedObject): void {
    switch (object.kind) {
      case 'scope':
        this.scopes.set(object.uid, object)
        if (object.state === 'retired') this.aliases.delete(`scope:${object.alias}`)
        else this.aliases.set(`scope:${object.alias}`, object.uid)
        return
      case 'cluster':
        this.clusters.set(object.uid, object)
        if (object.state === 'retired') this.aliases.delete(`cluster:${object.alias}`)
        else this.aliases.set(`cluster:${object.alias}`, object.uid)
        return
      case 'entry':
        this.entries.set(object.uid, object)
        this.aliases.set(`entry:${object.alias}`, object.uid)
        if (object.state === 'retiring') return
        for (const key of keysOf(this, object)) this.held.set(key, object.uid)
        for (const binding of object.bindings) {
          if (binding.kind === 'vm')
            this.selectors.set(`${object.uid}/${binding.id}`, [binding, object.uid])
        }
    }
  }
}

/** Digest of an object as a record's `before` and `after` name it: without `head`, which is that record. */
export function objectDigest(object: GovernedObject): string {
  const { head: _head, ...rest } = object
  return sha256Hex(canonicalize(rest))
}

/** The whole state as text: equal states have equal bytes, on any machine. */
export function canonicalState(state: IndexState): string {
  const byUid = (objects: ReadonlyMap<Uid, GovernedObject>): GovernedObject[] =>
    [...objects.values()].sort((a, b) => (a.uid < b.uid ? -1 : 1))
  return canonicalize({
    at: state.at,
    clusters: byUid(state.clusters),
    entries: byUid(state.entries),
    head: state.head,
    index: state.index,
    quarantines: Object.fromEntries(state.quarantines),
    redirects: Object.fromEntries(state.redirects),
    scopes: byUid(state.scopes),
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
