import { DependencyError } from '../../src/core/dependency-error.js'
import type { Hash } from '../../src/tlog/hash.js'
import type { MapUpdate } from '../../src/tlog/map-draft.js'
import type { MapNodeReader } from '../../src/tlog/ports.js'

const nameOf = (hash: Hash): string => Buffer.from(hash).toString('hex')

/** Nodes of a map in memory. */
export class MemoryMapNodes implements MapNodeReader {
  readonly nodes = new Map<string, Uint8Array>()
  /** How many nodes were read, and in how many readings. */
  nodesRead = 0
  readings = 0

  write({ put, drop }: MapUpdate): void {
    for (const { hash, octets } of put) this.nodes.set(nameOf(hash), octets)
    for (const hash of drop) this.nodes.delete(nameOf(hash))
  }

  readNodes(hashes: readonly Hash[]): Promise<readonly Uint8Array[]> {
    this.nodesRead += hashes.length
    this.readings += 1
    const found = hashes.map((hash) => this.nodes.get(nameOf(hash)))
    const there = found.filter((octets) => octets !== undefined)
    return there.length === found.length
      ? Promise.resolve(there)
      : Promise.reject(new DependencyError('map', 'a node is missing'))
  }
}
