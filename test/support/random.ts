import { createHash } from 'node:crypto'
import type { RandomBytes } from '../../src/core/time.js'

/** Octets that look random, differ at every call, and are the same in every run. */
export function countedRandom(seed = 'test'): RandomBytes {
  let count = 0
  return (size) => {
    const octets = new Uint8Array(size)
    for (let filled = 0; filled < size; filled += 32) {
      count += 1
      octets.set(
        createHash('sha256')
          .update(`${seed} ${count}`)
          .digest()
          .subarray(0, size - filled),
        filled,
      )
    }
    return octets
  }
}
