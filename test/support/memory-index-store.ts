import { DependencyError } from '../../src/core/dependency-error.js'
import type {
  BareRecord,
  IndexStore,
  MakingMap,
  StateStore,
  StoredRecord,
} from '../../src/namespace/ports.js'
import {
  emptyState,
  type RowChange,
  type StateChange,
  type StateSource,
  tableNames,
} from '../../src/namespace/state-tables.js'
import { MapRows } from '../../src/namespace/state-map.js'
import { leafHash } from '../../src/tlog/hash.js'
import type { MapChange } from '../../src/tlog/map-draft.js'
import { MemoryLogTree } from './memory-log-tree.js'
import { MemoryStateMap } from './memory-state-map.js'
import type { MemoryTable } from '../../src/namespace/table.js'

/** Tables in memory. They keep to the same contract as the real ones. */
class MemoryStateStore implements StateStore, AsyncDisposable {
  readonly state: StateSource
  readonly map = new MemoryStateMap()

  constructor(copied: StateSource = emptyState()) {
    const { meta, tables } = emptyState()
    this.state = { meta, tables }
    for (const table of tableNames) {
      for (const [key, value] of copied.tables[table].range()) this.put({ table, key, value })
    }
    this.moveTo(copied.meta)
  }

  advance(change: StateChange): Promise<void> {
    return answered(() => this.change(change))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve()
  }

  protected change({ from, meta, rows }: StateChange): void {
    if (from !== this.state.meta.size) {
      throw new DependencyError('store', 'the index tables are elsewhere')
    }
    for (const row of rows) this.put(row)
    if (this.map.size === from) {
      const mapped = new MapRows()
      for (const row of rows) mapped.add(row)
      this.map.move(meta.size, mapped.changes())
    }
    this.moveTo(meta)
  }

  protected moveTo(meta: StateSource['meta']): void {
    Object.assign(this.state, { meta })
  }

  private put({ table, key, value }: RowChange): void {
    const rows = this.state.tables[table] as unknown as MemoryTable<string, unknown>
    if (value === undefined) rows.delete(key)
    else rows.set(key, value)
  }
}

/** An index store that a test can look into, and spoil. */
export class MemoryIndexStore extends MemoryStateStore implements IndexStore {
  records: readonly StoredRecord[]
  readonly tree = new MemoryLogTree(() => this.records.map(({ bytes }) => bytes), this.map)

  /** With a log and no tables: what reads it must replay it. */
  constructor(records: readonly StoredRecord[] = []) {
    super()
    this.records = records
  }

  size(): Promise<number> {
    return Promise.resolve(this.records.length)
  }

  read(from: number, limit: number): Promise<readonly StoredRecord[]> {
    return answered(() => this.records.slice(from, from + limit))
  }

  async readRecords(from: number, limit: number): Promise<readonly BareRecord[]> {
    return (await this.read(from, limit)).map(({ seq, bytes }) => ({ seq, bytes }))
  }

  append(records: readonly StoredRecord[], change: StateChange): Promise<boolean> {
    return answered(() => {
      if (change.from !== this.records.length) return false
      const isNext = ({ seq }: StoredRecord, position: number) => seq === change.from + position
      if (!records.every(isNext) || change.meta.size !== change.from + records.length) {
        throw new DependencyError('store', 'a record is out of its place in the log')
      }
      if (this.tree.size !== change.from) {
        throw new DependencyError('store', 'the tree is not at the end of the log')
      }
      if (this.map.size !== change.from) {
        throw new DependencyError('store', 'the state map is not at the end of the log')
      }
      this.change(change)
      this.tree.append(records.map(({ bytes }) => leafHash(bytes)))
      this.records = [...this.records, ...records.map(copyOf)]
      return true
    })
  }

  override advance(change: StateChange): Promise<void> {
    return answered(() => {
      if (change.meta.size > this.records.length) {
        throw new DependencyError('store', 'the index tables would be ahead of the log')
      }
      this.change(change)
    })
  }

  makeMap(rows: readonly MapChange[], { isFirst, size }: MakingMap): Promise<void> {
    return answered(() => {
      if (isFirst) this.map.clear()
      this.map.move(size ?? -1, rows)
      if (size === undefined) this.map.size = 0
    })
  }

  snapshot(): ReturnType<IndexStore['snapshot']> {
    const { state } = new MemoryStateStore(this.state)
    const { size, root, nodes, count } = this.map
    return { ...state, map: { size, root, nodes, count }, [Symbol.dispose]: () => undefined }
  }

  scratch(): StateStore & AsyncDisposable {
    return new MemoryStateStore()
  }
}

const copyOf = ({ seq, bytes, envelopes }: StoredRecord): StoredRecord => ({
  seq,
  bytes: Uint8Array.from(bytes),
  envelopes: envelopes.map((octets) => Uint8Array.from(octets)),
})

/** As a promise, its throw included: no caller sees a port throw at once. */
function answered<T>(answer: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(answer())
  })
}
