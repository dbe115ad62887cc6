import type { TrustDomain } from '../core/names.js'
import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { Entry } from './entry.js'
import type { Scope } from './scope.js'
import { selectorKeys } from './selectors.js'
import { type Effect, type GovernedObject, keysOf, placeOf } from './state.js'
import {
  emptyState,
  type RowChange,
  type StateChange,
  type StateMeta,
  type StateSource,
  type StateTables,
  tableNames,
} from './state-tables.js'
import { StateView } from './state-view.js'
import { OverlayTable } from './table.js'

type Overlays = {
  readonly [N in keyof StateTables]: StateTables[N] extends { get(key: infer K): infer V }
    ? OverlayTable<K & string, NonNullable<V>>
    : never
}

interface Draft extends StateSource {
  meta: StateMeta
  readonly tables: Overlays
}

function draftOver({ meta, tables }: StateSource): Draft {
  const overlays = tableNames.map((name) => {
    return [name, new OverlayTable<string, unknown>(tables[name])] as const
  })
  return { meta, tables: Object.fromEntries(overlays) as unknown as Overlays }
}

/**
 * The one state that changes: records are folded on top of another state, which stays as it is.
 * Costs what the records change.
 */
export class FoldedState extends StateView implements StateSource {
  private readonly from: number
  private readonly draft: Draft

  constructor(base: StateSource = emptyState()) {
    const draft = draftOver(base)
    super(draft)
    this.draft = draft
    this.from = base.meta.size
  }

  get meta(): StateMeta {
    return this.draft.meta
  }

  /** What the records came to, since the state below. */
  changes(): StateChange {
    const { meta, tables } = this.draft
    const rows: RowChange[] = []
    for (const table of tableNames) {
      for (const [key, value] of tables[table].changed()) rows.push({ table, key, value })
    }
    return { from: this.from, meta, rows }
  }

  /** The genesis: the index, its trust domain and its root scope. */
  begin(index: string, trustDomain: TrustDomain, root: Scope): void {
    this.now({ index, trustDomain, root: root.uid })
    this.put(root)
  }

  apply({ put, quarantine, redirectFrom }: Effect): void {
    const { tables } = this.draft
    if (put.kind === 'entry') this.release(put.uid)
    this.put(put)
    for (const [key, value] of quarantine) tables.quarantines.set(key, value)
    if (redirectFrom !== undefined) tables.redirects.set(redirectFrom, put.uid)
  }

  /** Notes one more record, about `subject`. */
  advance(head: string, at: UnixSeconds, subject: Uid): void {
    const { size } = this.draft.meta
    this.draft.tables.history.set(`${subject} ${String(size).padStart(12, '0')}`, size)
    this.now({ size: size + 1, head, at })
  }

  private now(change: Partial<StateMeta>): void {
    this.draft.meta = { ...this.draft.meta, ...change }
  }

  private release(uid: Uid): void {
    const { tables } = this.draft
    const before = tables.entries.get(uid)
    if (!before) return
    for (const key of keysOf(this, before)) {
      if (tables.held.get(key) === uid) tables.held.delete(key)
    }
    for (const binding of before.bindings) {
      for (const key of selectorKeys(uid, binding)) tables.selectors.delete(key)
    }
    if (tables.entryAliases.get(before.alias) === uid) tables.entryAliases.delete(before.alias)
    tables.placed.delete(placeOf(before))
  }

  private put(object: GovernedObject): void {
    const { tables } = this.draft
    switch (object.kind) {
      case 'scope':
        tables.scopes.set(object.uid, object)
        if (object.state === 'retired') tables.scopeAliases.delete(object.alias)
        else tables.scopeAliases.set(object.alias, object.uid)
        this.now({ structure: this.size + 1 })
        return
      case 'cluster':
        tables.clusters.set(object.uid, object)
        if (object.state === 'retired') tables.clusterAliases.delete(object.alias)
        else tables.clusterAliases.set(object.alias, object.uid)
        this.now({ structure: this.size + 1 })
        return
      case 'entry':
        this.putEntry(object)
    }
  }

  private putEntry(entry: Entry): void {
    const { tables } = this.draft
    const { uid, alias } = entry
    if (!tables.entries.get(uid)) this.now({ entries: this.entryCount + 1 })
    tables.entries.set(uid, entry)
    tables.entryAliases.set(alias, uid)
    tables.placed.set(placeOf(entry), uid)
    if (entry.state === 'retiring') return
    for (const key of keysOf(this, entry)) tables.held.set(key, uid)
    for (const binding of entry.bindings) {
      for (const key of selectorKeys(uid, binding)) tables.selectors.set(key, uid)
    }
  }
}
