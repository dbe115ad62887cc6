import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { type Hash, sameHash } from '../tlog/hash.js'
import { EMPTY_MAP, type NodeRef } from '../tlog/map-node.js'
import type { LogHead } from '../tlog/ports.js'
import { findMapNode } from '../tlog/read-map-node.js'
import type { IndexStore, Pace, StateMap, StateStore } from './ports.js'
import { MapRows, mappedRows } from './state-map.js'

type MapRefusal = Refusal<'namespace.state-mismatch'>

/** Rows of the tables that go into the map in one commit: about twenty milliseconds of the writer. */
const STRETCH = 1000
/** Nodes read between two breaths. */
const BREATH = 500

/**
 * Makes the map of tables that an earlier version has written. It is then what the checkpoint of this
 * size signs, or is refused: no size is ever signed with two.
 */
export async function settleMap(
  store: Pick<IndexStore, 'state' | 'map' | 'makeMap' | 'tree'>,
  pace: Pace,
): Promise<Result<undefined, MapRefusal>> {
  const { size } = store.state.meta
  if (store.map.size !== size) await makeMap(store, size, pace)
  const { hash } = store.map.root
  const signed = await store.tree.checkpoint()
  const isSigned = signed?.size === size && signed.state !== undefined
  return !isSigned || sameHash(signed.state, hash) ? ok() : mapDiffers('another root was signed')
}

async function makeMap(
  store: Pick<IndexStore, 'state' | 'makeMap'>,
  size: number,
  pace: Pace,
): Promise<void> {
  let [rows, done, isFirst] = [new MapRows(), 0, true]
  for (const row of mappedRows(store.state.tables)) {
    rows.add(row)
    done += 1
    if (done % STRETCH > 0) continue
    await store.makeMap(rows.changes(), { isFirst })
    await pace({ work: 'map the state', done })
    ;[rows, isFirst] = [new MapRows(), false]
  }
  await store.makeMap(rows.changes(), { isFirst, size })
}

/** Is the map of what was just replayed what was signed of the log at that size? */
export function isOfSigned(
  again: StateStore,
  { size, state }: LogHead,
): Result<undefined, MapRefusal> {
  if (again.state.meta.size !== size) throw new RangeError('another size was replayed')
  return !state || sameHash(again.map.root.hash, state)
    ? ok()
    : mapDiffers(`another root in the checkpoint of ${size} records`)
}

/** Compares a map with the root that it must have: every node of it, and that there are no more. */
export async function verifyMap(
  map: StateMap,
  { size, root }: { readonly size: number; readonly root: Hash },
  pace: Pace,
): Promise<Result<undefined, MapRefusal>> {
  if (map.size !== size) return mapDiffers(`a map of ${map.size} records`)
  if (!sameHash(map.root.hash, root)) return mapDiffers('another root')
  const waiting: NodeRef[] = map.root.place === EMPTY_MAP.place ? [] : [map.root]
  let done = 0
  // Each is what its hash says, which is in the node above: as many are read as there are keys for.
  for (let ref = waiting.pop(); ref; ref = waiting.pop()) {
    const node = findMapNode(map.nodes, ref)
    if (!node) return mapDiffers(`a damaged node, after ${done} others`)
    if (node.kind === 'inner') waiting.push(node.left, node.right)
    done += 1
    if (done % BREATH === 0) await pace({ work: 'compare', done })
  }
  return map.count === done ? ok() : mapDiffers(`${map.count} nodes, and ${done} that belong to it`)
}

const mapDiffers = (found: string): Result<never, MapRefusal> =>
  refuse('namespace.state-mismatch', 'the state map is not of this index', {
    wanted: 'what replaying the log comes to',
    found,
    next: 'stop the server, then: capstan index rebuild',
  })
