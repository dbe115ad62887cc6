import { DependencyError } from '../../src/core/dependency-error.js'
import { type Hash, leafHash, sameHash } from '../../src/tlog/hash.js'
import { proveKey } from '../../src/tlog/map-proof.js'
import type { LogHead, LogTree, ProvedState, SignedHead } from '../../src/tlog/ports.js'
import { appendToEdge, emptyEdge, headOf } from '../../src/tlog/tree-edge.js'
import type { TreeHead } from '../../src/tlog/verify-proof.js'
import type { MemoryStateMap } from './memory-state-map.js'
import { MemoryTiles } from './memory-tiles.js'

const NONE = new Uint8Array(0)

/** The tree of a log in memory. It keeps to the same contract as the real one. */
export class MemoryLogTree extends MemoryTiles implements LogTree {
  signed: SignedHead | undefined
  #edge = emptyEdge
  readonly #entries: () => readonly Uint8Array[]
  readonly #map: MemoryStateMap | undefined

  /** With the map of what its entries come to, if there is one. */
  constructor(entries: () => readonly Uint8Array[], map?: MemoryStateMap) {
    super()
    this.#entries = entries
    this.#map = map
  }

  get size(): number {
    return this.#edge.frontier.end
  }

  append(leaves: readonly Hash[]): void {
    const { edge, tiles } = appendToEdge(this.#edge, leaves)
    this.write(tiles)
    this.#edge = edge
  }

  head(): Promise<LogHead> {
    const head = headOf(this.#edge)
    const state = this.#map?.roots.get(head.size)?.hash
    return Promise.resolve({ ...head, ...(state && { state }) })
  }

  checkpoint(): Promise<SignedHead | undefined> {
    return Promise.resolve(this.signed)
  }

  proveState(keys: readonly Hash[]): Promise<ProvedState | undefined> {
    return new Promise((resolve) => {
      const { signed } = this
      const [map, state] = [this.#map, signed?.state]
      const root = map?.roots.get(signed?.size ?? 0)
      if (!signed || !map || !state || !root) {
        resolve(undefined)
        return
      }
      if (!sameHash(root.hash, state)) throw new DependencyError('store', 'another root')
      const proofs = keys.map((key) => proveKey(map, root, key))
      resolve({ signed: { ...signed, state }, proofs })
    })
  }

  catchUp(limit: number): Promise<TreeHead> {
    this.append(
      this.#entries()
        .slice(this.size, this.size + limit)
        .map(leafHash),
    )
    return this.head()
  }

  async keepCheckpoint(signed: SignedHead): Promise<boolean> {
    const { size, root } = await this.head()
    if (signed.size > size || (signed.size === size && !sameHash(signed.root, root))) return false
    const state = this.#map?.roots.get(signed.size)?.hash
    if (!sameHash(signed.state ?? NONE, state ?? NONE)) return false
    const before = this.signed
    const saysMore = before?.size === signed.size && !before.state && signed.state
    if (before && before.size >= signed.size && !saysMore) return false
    this.signed = signed
    return true
  }
}
