import { type Alias, parentAlias, ROOT } from '../core/alias.js'
import type { TrustDomain } from '../core/names.js'
import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { Cluster } from './cluster.js'
import type { Entry } from './entry.js'
import type { Scope } from './scope.js'
import { walkedPath } from './scope-path.js'
import type { IndexState } from './state.js'
import type { Quarantine, StateMeta, StateSource, StateTables } from './state-tables.js'

/** Aliases whose scopes above are remembered, until a scope changes. */
const PATHS = 10_000

/** Lookups over a state, wherever its rows are. Moves when the state moves. */
export class StateView implements IndexState {
  readonly source: StateSource
  private paths = new Map<Alias, readonly Scope[]>()
  private pathsOf: Pick<StateMeta, 'index' | 'structure'> = { index: '', structure: 0 }

  constructor(source: StateSource) {
    this.source = source
  }

  get tables(): StateTables {
    return this.source.tables
  }

  get index(): string {
    return this.source.meta.index
  }

  get trustDomain(): TrustDomain {
    return this.source.meta.trustDomain
  }

  get size(): number {
    return this.source.meta.size
  }

  get head(): string {
    return this.source.meta.head
  }

  get at(): UnixSeconds {
    return this.source.meta.at
  }

  get entryCount(): number {
    return this.source.meta.entries
  }

  get scopes(): StateTables['scopes'] {
    return this.tables.scopes
  }

  get entries(): StateTables['entries'] {
    return this.tables.entries
  }

  get clusters(): StateTables['clusters'] {
    return this.tables.clusters
  }

  get root(): Scope {
    const root = this.scopes.get(this.source.meta.root)
    if (!root) throw new Error('the index has no genesis')
    return root
  }

  get solo(): boolean {
    return this.root.group?.solo === true
  }

  entryByAlias(alias: Alias): Entry | undefined {
    const uid = this.tables.entryAliases.get(alias)
    return uid && this.entries.get(uid)
  }

  scopeByAlias(alias: Alias): Scope | undefined {
    const uid = this.tables.scopeAliases.get(alias)
    return uid && this.scopes.get(uid)
  }

  /** Remembered: a decision about a call walks two of them, and a scope seldom changes. */
  scopesAbove(alias: Alias): readonly Scope[] {
    if (alias === ROOT) return []
    const { index, structure } = this.source.meta
    const { pathsOf } = this
    if (pathsOf.index !== index || pathsOf.structure !== structure || this.paths.size >= PATHS) {
      this.paths = new Map()
      this.pathsOf = { index, structure }
    }
    const parent = parentAlias(alias)
    const known = this.paths.get(parent)
    if (known) return known
    const path = walkedPath(this, alias)
    this.paths.set(parent, path)
    return path
  }

  clusterByAlias(alias: Alias): Cluster | undefined {
    const uid = this.tables.clusterAliases.get(alias)
    return uid && this.clusters.get(uid)
  }

  resolve(alias: Alias): Entry | undefined {
    const found = this.entryByAlias(alias)
    if (found) return found
    const uid = this.tables.redirects.get(alias)
    return uid && this.entries.get(uid)
  }

  *entriesUnder(region: Alias, after?: string): Iterable<Entry> {
    // `!` follows the space that ends an alias in a place, and `0` the slash.
    const ranges =
      region === ROOT
        ? ([['', undefined]] as const)
        : ([
            [`${region} `, `${region}!`],
            [`${region}/`, `${region}0`],
          ] as const)
    for (const [from, below] of ranges) {
      // No place is followed by a space, so this is the next key there can be.
      const start = after !== undefined && `${after} ` > from ? `${after} ` : from
      for (const [, uid] of this.tables.placed.range(start, below)) {
        const entry = this.entries.get(uid)
        if (entry) yield entry
      }
    }
  }

  bindingOwner(cluster: Uid, namespace: string, serviceAccount: string): Entry | undefined {
    const uid = this.tables.held.get(`k8s:${cluster}/${namespace}/${serviceAccount}`)
    return uid && this.entries.get(uid)
  }

  holder(key: string): Uid | undefined {
    return this.tables.held.get(key)
  }

  quarantined(key: string): Quarantine | undefined {
    return this.tables.quarantines.get(key)
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
    return [...this.tables.history.range(`${uid} `, `${uid}!`)].map(([, seq]) => seq)
  }
}
