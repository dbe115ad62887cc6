import type { StoredRecord } from '../namespace/ports.js'
import { appendLeaves, type CompactRange, rangeRoot } from '../tlog/compact-range.js'
import { leafHash, sameHash } from '../tlog/hash.js'
import type { TreeHead } from '../tlog/verify-proof.js'
import type { LeafHashes } from './leaf-hashes.js'
import type { ShownLogs } from './ports.js'

/** Records that are not those that were signed, or shown before. */
export class OtherRecords extends Error {
  override readonly name = 'OtherRecords'
}

/**
 * The index log as it is shown, read in its order: what is read becomes leaves of a tree, is compared
 * with what was shown before, and at the size of the remembered head with its root.
 */
export class ShownRecords {
  range: CompactRange
  private readonly shown: Pick<ShownLogs, 'records'>
  private readonly leaves: LeafHashes
  private readonly remembered: TreeHead | undefined

  constructor(
    shown: Pick<ShownLogs, 'records'>,
    leaves: LeafHashes,
    range: CompactRange,
    remembered?: TreeHead,
  ) {
    this.shown = shown
    this.leaves = leaves
    this.range = range
    this.remembered = remembered
  }

  async read(from: number, limit: number): Promise<readonly StoredRecord[]> {
    const stop = this.remembered?.size ?? 0
    const most = from < stop ? Math.min(limit, stop - from) : limit
    const records = await sameRecords(this.shown, this.leaves, from, most)
    if (from !== this.range.end) return records
    const hashes = records.map(({ bytes }) => leafHash(bytes))
    this.range = appendLeaves(this.range, hashes)
    const { remembered } = this
    if (this.range.end !== remembered?.size) return records
    if (!sameHash(rangeRoot(this.range), remembered.root)) {
      throw new OtherRecords(`other records than the ${remembered.size} that were signed before`)
    }
    return records
  }
}

/** Records as they are shown, each compared with its leaf where that is known. */
export async function sameRecords(
  shown: Pick<ShownLogs, 'records'>,
  leaves: LeafHashes,
  from: number,
  limit: number,
): Promise<readonly StoredRecord[]> {
  const records = await shown.records(from, limit)
  for (const { seq, bytes } of records) {
    if (!leaves.takes(seq, leafHash(bytes))) {
      throw new OtherRecords(`another record ${seq} than was shown before`)
    }
  }
  return records
}
