import { type Hash, HASH_OCTETS, sameHash } from '../tlog/hash.js'

/** The leaf hashes of a log from its first on, 32 octets each. */
export class LeafHashes {
  private octets = new Uint8Array(256 * HASH_OCTETS)
  private count = 0

  get size(): number {
    return this.count
  }

  /** Is it the hash of this number? One that is not known yet becomes it, where it is the next. */
  takes(seq: number, hash: Hash): boolean {
    if (seq < this.count) {
      const at = seq * HASH_OCTETS
      return sameHash(hash, this.octets.subarray(at, at + HASH_OCTETS))
    }
    if (seq !== this.count) return false
    const at = this.count * HASH_OCTETS
    if (at === this.octets.length) {
      const larger = new Uint8Array(this.octets.length * 2)
      larger.set(this.octets)
      this.octets = larger
    }
    this.octets.set(hash, at)
    this.count += 1
    return true
  }

  /** Forgets what comes after. */
  cut(size: number): void {
    this.count = Math.min(this.count, size)
  }
}
