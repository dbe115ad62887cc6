import type { Alias } from '../core/alias.js'
import type { TrustDomain } from '../core/names.js'
import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { Cluster } from './cluster.js'
import type { Entry } from './entry.js'
import type { ProposalRow } from './pending.js'
import type { Scope } from './scope.js'
import { MemoryTable, type Table } from './table.js'

/** A name that was given up, and until when nobody else may have it. */
export interface Quarantine {
  readonly uid: Uid
  readonly until: UnixSeconds
}

/** Everything that the log comes to, as rows: what a lookup needs, and nothing that it must search. */
export interface StateTables {
  readonly scopes: Table<Uid, Scope>
  readonly clusters: Table<Uid, Cluster>
  readonly entries: Table<Uid, Entry>
  /** The scope of this alias that is not retired. */
  readonly scopeAliases: Table<Alias, Uid>
  readonly clusterAliases: Table<Alias, Uid>
  /** The latest entry under this alias, whatever its state. */
  readonly entryAliases: Table<Alias, Uid>
  /** Who holds a key (`alias:`, `name:`, `k8s:`, `edge:`) now. */
  readonly held: Table<string, Uid>
  /** Every key that was ever given up. */
  readonly quarantines: Table<string, Quarantine>
  /** Where the former aliases of renamed entries lead. */
  readonly redirects: Table<Alias, Uid>
  /** By what a selector names (`selectors.ts`), the entry that it is of. */
  readonly selectors: Table<string, Uid>
  /** `<alias> <uid>` of every entry, so that entries are found by the region they are in. */
  readonly placed: Table<string, Uid>
  /**
   * `<uid or proposal> <number>`, the number in 12 digits: the records about it. And the records by
   * which a scope's voters used the brake, and each of them did, by their time: `brakeKeys`.
   */
  readonly history: Table<string, number>
  /** Every proposal that voters were ever asked about, by its id. */
  readonly proposals: Table<string, ProposalRow>
  /** Of those that are not over: `waitingKey`, and the number of the record that opened it. */
  readonly waiting: Table<string, number>
  /** And by what they would change: `slotKeys`. */
  readonly slots: Table<string, number>
}

export type TableName = keyof StateTables

/** Few enough to be in memory whole: every grant walks over scopes, every token over clusters. */
export const wholeTables = ['scopes', 'clusters', 'scopeAliases', 'clusterAliases'] as const
/** As many as there are entries, and more. */
export const rowTables = [
  'entries',
  'entryAliases',
  'held',
  'quarantines',
  'redirects',
  'selectors',
  'placed',
  'history',
  'proposals',
  'waiting',
  'slots',
] as const
export const tableNames = [...wholeTables, ...rowTables] as const satisfies readonly TableName[]

/** Where a state stands, beside its tables. */
export interface StateMeta {
  /** Index id: digest of the genesis, hex. */
  readonly index: string
  readonly trustDomain: TrustDomain
  /** The root scope. */
  readonly root: Uid
  /** Records in the log. */
  readonly size: number
  /** Hash of the last record. */
  readonly head: string
  /** Log time of the last record. */
  readonly at: UnixSeconds
  /** Entries, of every state. */
  readonly entries: number
  /** Size of the log when a scope or a cluster changed last. */
  readonly structure: number
  /** The proposal of several changes of which only some are made: the next record is the next of them. */
  readonly unfinished?: string
}

/** A state that can be looked at: both members are of one moment. */
export interface StateSource {
  readonly meta: StateMeta
  readonly tables: StateTables
}

export interface RowChange {
  readonly table: TableName
  readonly key: string
  /** Undefined: the row goes. */
  readonly value: unknown
}

/** What a stretch of the log does to the tables. */
export interface StateChange {
  /** Size of the log that the tables must be at. */
  readonly from: number
  readonly meta: StateMeta
  /** At most one for each row. */
  readonly rows: readonly RowChange[]
}

export const emptyMeta: StateMeta = {
  index: '',
  trustDomain: '' as TrustDomain,
  root: '' as Uid,
  size: 0,
  head: '',
  at: 0 as UnixSeconds,
  entries: 0,
  structure: 0,
}

/** Before the genesis. */
export function emptyState(): StateSource {
  const tables = Object.fromEntries(tableNames.map((name) => [name, new MemoryTable()]))
  return { meta: emptyMeta, tables: tables as unknown as StateTables }
}
