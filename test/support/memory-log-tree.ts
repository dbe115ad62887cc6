import { DependencyError } from '../../src/core/dependency-error.js'
import { type Hash, leafHash, sameHash } from '../../src/tlog/hash.js'
import { proveKey } from '../../src/tlog/map-proof.js'
import type {
  KeptCosignature,
  LogHead,
  LogTree,
  ProvedState,
  SignedHead,
} from '../../src/tlog/ports.js'
import { appendToEdge, emptyEdge, headOf } from '../../src/tlog/tree-edge.js'
import type { TreeHead } from '../../src/tlog/verify-proof.js'
import type { MemoryStateMap } from './memory-state-map.js'
import { MemoryTiles } from './memory-tiles.js'

const NONE = new Uint8Array(0)

/** The tree of a log in memory. It keeps to the same contract as the real one. */
export class MemoryLogTree extends MemoryTiles implements LogTree {
  signed: SignedHead | undefined
  #edge = emptyEdge
  readonly #cosigned = new Map<string, KeptCosignature>()
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
    const { signed } = this
    if (!signed) return Promise.resolve(undefined)
    const lines = [...this.#cosigned.values()].filter(
      ({ size, root, state }) =>
        size === signed.size &&
        sameHash(root, signed.root) &&
        sameHash(state ?? NONE, signed.state ?? NONE),
    )
    const ordered = lines.toSorted((a, b) => (a.witness < b.witness ? -1 : 1))
    const note = signed.note + ordered.map(({ line }) => line).join('')
    return Promise.resolve({ ...signed, note })
  }

  cosignatures(): Promise<readonly KeptCosignature[]> {
    return Promise.resolve([...this.#cosigned.values()])
  }

  keepCosignature(cosignature: KeptCosignature): Promise<void> {
    const { witness, size, at } = cosignature
    const before = this.#cosigned.get(witness)
    const isNews = !before || size > before.size || (size === before.size && at >= before.at)
    if (isNews) this.#cosigned.set(witness, cosignature)
    return Promise.resolve()
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
