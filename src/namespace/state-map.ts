import { isUid, type Uid } from '../core/uid.js'
import type { Hash } from '../tlog/hash.js'
import type { MapChange } from '../tlog/map-draft.js'
import { mapKey } from '../tlog/map-hash.js'
import { type GovernedObject, objectDigest } from './state.js'
import type { RowChange, StateTables, TableName } from './state-tables.js'

/** Tables of the state map (docs/format-index-log.md). */
export const stateMapTables = ['scope', 'entry', 'cluster', 'alias', 'name'] as const
export type StateMapTable = (typeof stateMapTables)[number]

export const stateKey = (table: StateMapTable, name: string): Hash => mapKey(table, name)

/** Of an object: the digest that the `after` of its latest record is. */
const objectValue = (object: GovernedObject): Hash => Buffer.from(objectDigest(object), 'hex')

/** Of a name: the uid of who has it, which is 32 octets as it is. */
export const uidValue = (uid: Uid): Hash => Buffer.from(uid, 'ascii')

/** Who has a name, of a value that a proof has shown; undefined for what no log of ours says. */
export function uidOfValue(value: Hash): Uid | undefined {
  const text = Buffer.from(value).toString('latin1')
  return isUid(text) ? text : undefined
}

/** The tables of the state that rows of the map are made from. */
export const mappedTables = [
  'scopes',
  'clusters',
  'entries',
  'scopeAliases',
  'held',
] as const satisfies readonly TableName[]

const objects: Partial<Record<TableName, StateMapTable>> = {
  scopes: 'scope',
  clusters: 'cluster',
  entries: 'entry',
}

/**
 * What changes of the tables do to the state map. Costs what they change: no other row is looked at.
 * An alias passes from a scope to an entry, or back, in two tables: the one that has it says who.
 */
export class MapRows {
  private readonly rows = new Map<string, MapChange>()

  add({ table, key, value }: RowChange): void {
    const row = rowOf(table, key)
    if (!row) return
    const name = `${row.table}\n${row.name}`
    if (value === undefined && this.rows.has(name)) return
    this.rows.set(name, { key: stateKey(row.table, row.name), value: valueOf(table, value) })
  }

  /** One for each key. */
  changes(): readonly MapChange[] {
    return [...this.rows.values()]
  }
}

/** The row of the map that a row of the tables makes, if any. */
function rowOf(
  table: TableName,
  key: string,
): { readonly table: StateMapTable; readonly name: string } | undefined {
  const object = objects[table]
  if (object !== undefined) return { table: object, name: key }
  // The root has no alias.
  if (table === 'scopeAliases') return key === '' ? undefined : { table: 'alias', name: key }
  if (table !== 'held') return undefined
  if (key.startsWith('alias:')) return { table: 'alias', name: key.slice('alias:'.length) }
  if (key.startsWith('name:')) return { table: 'name', name: key.slice('name:'.length) }
  return undefined
}

function valueOf(table: TableName, value: unknown): Hash | undefined {
  if (value === undefined) return undefined
  // What a row of a table is, its table's name says.
  return objects[table] === undefined
    ? uidValue(value as Uid)
    : objectValue(value as GovernedObject)
}

/** All rows of the tables that the map is made from, as changes of empty ones. */
export function* mappedRows(tables: StateTables): Iterable<RowChange> {
  for (const table of mappedTables) {
    const rows: Iterable<readonly [string, unknown]> = tables[table].range()
    for (const [key, value] of rows) yield { table, key, value }
  }
}
