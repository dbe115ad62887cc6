import type { Uid } from '../core/uid.js'

/** Entries whose last change is remembered one by one. */
const REMEMBERED = 1000

/**
 * Does a decision that was made on an older index still stand? A scope or a cluster may bear on
 * every entry, so that its change ends every older decision; an entry's bears on itself alone.
 * Exact for the last changes; what is older than it remembers does not stand.
 */
export class RecentChanges {
  /** A decision on an index of fewer records than this does not stand. */
  private floor: number
  /** Records that it was told of, or that were there before. */
  private size: number
  /** Entry -> number of its last record; the oldest first. */
  private readonly last = new Map<Uid, number>()
  private readonly remembered: number

  /** `size`: the records in the log so far, about which nothing is remembered. */
  constructor(size: number, remembered = REMEMBERED) {
    this.floor = size
    this.size = size
    this.remembered = remembered
  }

  /** Notes record number `seq`; `entry` is undefined when it is about a scope or a cluster. */
  note(seq: number, entry: Uid | undefined): void {
    if (seq !== this.size) {
      this.floor = seq
      this.last.clear()
    }
    this.size = seq + 1
    if (entry === undefined) {
      this.floor = seq + 1
      this.last.clear()
      return
    }
    this.last.delete(entry)
    this.last.set(entry, seq)
    if (this.last.size <= this.remembered) return
    const [oldest] = this.last
    if (!oldest) return
    this.last.delete(oldest[0])
    this.floor = Math.max(this.floor, oldest[1] + 1)
  }

  /**
   * Is what was decided about this entry, on an index of `size` records, decided the same on one of
   * `now` records? Of changes that nobody noted it knows nothing: they end every older decision.
   */
  stands(entry: Uid, size: number, now: number): boolean {
    if (now > this.size && size < now) return false
    const last = this.last.get(entry)
    return size >= this.floor && (last === undefined || last < size)
  }
}
