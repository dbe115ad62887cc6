import { canonicalize } from '../../src/core/canonical-json.js'
import { sha256 } from '../../src/core/uid.js'
import { type IndexState, projectedNames } from '../../src/namespace/state.js'
import type { StateMapTable } from '../../src/namespace/state-map.js'
import type { Hash } from '../../src/tlog/hash.js'
import { mapKey } from '../../src/tlog/map-hash.js'

export interface StateRow {
  readonly table: StateMapTable
  readonly name: string
  readonly value: Hash
}

const digest = ({ head: _, ...rest }: { readonly head: string }): Hash => sha256(canonicalize(rest))

/** The rows of the state map as docs/format-index-log.md says them: of the objects alone. */
export function stateRows(state: IndexState): readonly StateRow[] {
  const rows: StateRow[] = []
  const put = (table: StateMapTable, name: string, value: Hash) => rows.push({ table, name, value })
  for (const scope of state.scopes.values()) {
    put('scope', scope.uid, digest(scope))
    if (scope.state !== 'retired' && scope.alias !== '') {
      put('alias', scope.alias, Buffer.from(scope.uid))
    }
  }
  for (const cluster of state.clusters.values()) put('cluster', cluster.uid, digest(cluster))
  for (const entry of state.entries.values()) {
    put('entry', entry.uid, digest(entry))
    if (entry.state === 'retiring') continue
    put('alias', entry.alias, Buffer.from(entry.uid))
    for (const name of projectedNames(state, entry)) put('name', name, Buffer.from(entry.uid))
  }
  return rows
}

export const keyed = (rows: readonly StateRow[]): readonly (readonly [Hash, Hash])[] =>
  rows.map(({ table, name, value }) => [mapKey(table, name), value])
