import { type Hash, leafHash, sameHash } from '../../src/tlog/hash.js'
import type { LogTree, SignedHead } from '../../src/tlog/ports.js'
import { appendToEdge, emptyEdge, headOf } from '../../src/tlog/tree-edge.js'
import type { TreeHead } from '../../src/tlog/verify-proof.js'
import { MemoryTiles } from './memory-tiles.js'

/** The tree of a log in memory. It keeps to the same contract as the real one. */
export class MemoryLogTree extends MemoryTiles implements LogTree {
  signed: SignedHead | undefined
  #edge = emptyEdge
  readonly #entries: () => readonly Uint8Array[]

  constructor(entries: () => readonly Uint8Array[]) {
    super()
    this.#entries = entries
  }

  get size(): number {
    return this.#edge.frontier.end
  }

  append(leaves: readonly Hash[]): void {
    const { edge, tiles } = appendToEdge(this.#edge, leaves)
    this.write(tiles)
    this.#edge = edge
  }

  head(): Promise<TreeHead> {
    return Promise.resolve(headOf(this.#edge))
  }

  checkpoint(): Promise<SignedHead | undefined> {
    return Promise.resolve(this.signed)
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
    if (this.signed && this.signed.size >= signed.size) return false
    this.signed = signed
    return true
  }
}
