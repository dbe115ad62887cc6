import type { Alias } from '../core/alias.js'
import type { TrustDomain } from '../core/names.js'
import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { Entry } from './entry.js'
import type { Scope } from './scope.js'
import { walkedPath } from './scope-path.js'
import { type BrakedBy, brakeKeys } from './brakes-used.js'
import { drillKey, type GrantOf, ratifiedKey, type Used, usedKey } from './emergency/uses.js'
import type { AnyRecord } from './log-record.js'
import {
  type Ending,
  type Pending,
  namePrefix,
  type ProposalRow,
  revisionPrefix,
  scopePrefix,
  slotKeys,
  waitingKey,
} from './pending.js'
import { selectorKeys } from './selectors.js'
import { standingOf } from './standing.js'
import { operationOf } from './statements.js'
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

  /** A change, and the end of every proposal that asked for the same; `of` is the one that it was. */
  commit(effect: Effect, record: Pick<AnyRecord, 'seq' | 'ts'>, of?: Pending): void {
    const { put } = effect
    const before = this.scopes.get(put.uid)
    const prefixes = [revisionPrefix(put.uid, put.rev - 1), namePrefix(put.kind, put.alias)]
    this.apply(effect)
    if (of) this.finish(of, record)
    const { slots, waiting } = this.tables
    for (const prefix of prefixes) this.closeAll(slots, prefix, record, of)
    // No vote counts for more than the group that it was cast in.
    if (put.kind === 'scope' && before?.group?.rev !== put.group?.rev) {
      this.closeAll(waiting, scopePrefix(put.uid), record)
    }
    if (put.kind === 'scope') this.closeStale(record)
  }

  /**
   * A scope that is suspended has those above it decide, and one that is reactivated does not any
   * more: what went stale by the one must not come back with the other.
   */
  private closeStale(record: Pick<AnyRecord, 'seq' | 'ts'>): void {
    for (const [key] of [...this.tables.waiting.range()]) {
      const row = this.tables.proposals.get(key.slice(key.indexOf(' ') + 1))
      if (row?.kind !== 'pending') continue
      if (standingOf(this, row, record.ts) === 'stale') this.close(row, 'stale', record)
    }
  }

  /** One more of its changes has taken effect: of most, the only one. */
  private finish(of: Pending, record: Pick<AnyRecord, 'seq' | 'ts'>): void {
    const done = (of.done ?? 0) + 1
    const operation = operationOf(of.proposal)
    const { unfinished: _before, ...meta } = this.meta
    if (operation.op !== 'changes' || done === operation.body.changes.length) {
      this.draft.meta = meta
      this.close(of, 'committed', record)
      return
    }
    this.draft.meta = { ...meta, unfinished: of.id }
    this.draft.tables.proposals.set(of.id, { ...of, done })
  }

  /** A proposal as it is after a record about it. */
  deliberate(row: ProposalRow, record: Pick<AnyRecord, 'seq' | 'ts'>): void {
    const { tables } = this.draft
    const before = tables.proposals.get(row.id)
    if (row.kind === 'closed') {
      const { ending, votes } = row
      if (before?.kind === 'pending') this.close({ ...before, votes }, ending, record)
      return
    }
    if (!before) {
      this.sweep(row, record)
      tables.waiting.set(waitingKey(row), row.record)
      for (const key of slotKeys(row)) tables.slots.set(key, row.record)
    }
    tables.proposals.set(row.id, row)
  }

  /** What is over without anybody having said so goes when the next one is opened. */
  private sweep({ proposal }: Pending, record: Pick<AnyRecord, 'seq' | 'ts'>): void {
    const prefix = scopePrefix(proposal.scope.uid)
    for (const [key] of [...this.tables.waiting.range(prefix, `${prefix}~`)]) {
      const row = this.tables.proposals.get(key.slice(prefix.length))
      if (row?.kind !== 'pending') continue
      const standing = standingOf(this, row, record.ts)
      if (standing === 'expired' || standing === 'stale') this.close(row, standing, record)
    }
  }

  private closeAll(
    table: StateTables['slots'],
    prefix: string,
    record: Pick<AnyRecord, 'seq' | 'ts'>,
    but?: Pick<Pending, 'id'>,
  ): void {
    for (const [key] of [...table.range(prefix, `${prefix}~`)]) {
      const row = this.tables.proposals.get(key.slice(prefix.length))
      if (row?.kind === 'pending' && row.id !== but?.id) this.close(row, 'stale', record)
    }
  }

  private close(row: Pending, ending: Ending, { seq, ts }: Pick<AnyRecord, 'seq' | 'ts'>): void {
    const { tables } = this.draft
    const { id, digest, record, votes } = row
    const ended = { ending, record, ended: seq, at: ts, votes }
    tables.proposals.set(id, { kind: 'closed', id, digest, ...ended })
    tables.waiting.delete(waitingKey(row))
    for (const key of slotKeys(row)) tables.slots.delete(key)
  }

  /** A change that is only thought of: no record of it, and so no head. */
  imagine(effect: Effect): void {
    this.apply(effect)
  }

  private apply({ put, quarantine, redirectFrom, ratifies }: Effect): void {
    const { tables } = this.draft
    if (put.kind === 'entry') this.release(put.uid)
    this.put(put)
    for (const [key, value] of quarantine) tables.quarantines.set(key, value)
    if (redirectFrom !== undefined) tables.redirects.set(redirectFrom, put.uid)
    if (ratifies !== undefined) tables.history.set(ratifiedKey(put.uid, ratifies), ratifies)
  }

  /** Notes that voters of a scope used the brake. */
  noteBrake(by: BrakedBy, { seq, ts }: Pick<AnyRecord, 'seq' | 'ts'>): void {
    for (const key of brakeKeys(by, ts, seq)) this.draft.tables.history.set(key, seq)
  }

  /** Several scopes may change in one record: nothing is remembered. */
  override scopesAbove(alias: Alias): readonly Scope[] {
    return walkedPath(this, alias)
  }

  /** Notes that a grant was used. */
  noteUse(used: Used, { seq, ts }: Pick<AnyRecord, 'seq' | 'ts'>): void {
    this.draft.tables.history.set(usedKey(used, ts, seq), used.until)
  }

  noteDrill(of: GrantOf, { ts }: Pick<AnyRecord, 'ts'>): void {
    this.draft.tables.history.set(drillKey(of), ts)
  }

  /** Notes one more record, about `subject`: an object or a proposal. */
  advance(head: string, at: UnixSeconds, subject: string): void {
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
