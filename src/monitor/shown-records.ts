import type { StoredRecord } from '../namespace/ports.js'
import { appendLeaves, type CompactRange, rangeRoot } from '../tlog/compact-range.js'
import { leafHash, sameHash } from '../tlog/hash.js'
import { toBase64 } from '../tlog/note-text.js'
import type { TreeHead } from '../tlog/verify-proof.js'
import type { LeafHashes } from './leaf-hashes.js'
import type { ShownLogs } from './ports.js'

/** Records that are not those that were signed, or shown before. */
export class OtherRecords extends Error {
  override readonly name = 'OtherRecords'
}

/**
 * The index log as it is shown, read in its order: what is read becomes leaves of a tree, is compared
 * with what was shown before, and at the size of each head that was signed with its root.
 */
export class ShownRecords {
  range: CompactRange
  private readonly shown: Pick<ShownLogs, 'records'>
  private readonly leaves: LeafHashes
  private readonly signed: readonly TreeHead[]

  constructor(
    shown: Pick<ShownLogs, 'records'>,
    leaves: LeafHashes,
    range: CompactRange,
    signed: readonly TreeHead[],
  ) {
    this.shown = shown
    this.leaves = leaves
    this.range = range
    this.signed = signed
  }

  async read(from: number, limit: number): Promise<readonly StoredRecord[]> {
    const most = Math.min(limit, nextSigned(this.signed, from) - from)
    const records = await sameRecords(this.shown, this.leaves, from, most)
    if (from !== this.range.end) return records
    const hashes = records.map(({ bytes }) => leafHash(bytes))
    this.range = appendLeaves(this.range, hashes)
    compareWithSigned(this.signed, this.range)
    return records
  }
}

/** The size of the next head that was signed; infinite where there is none. */
export function nextSigned(signed: readonly TreeHead[], from: number): number {
  let next = Infinity
  for (const { size } of signed) if (size > from && size < next) next = size
  return next
}

/** Throws `OtherRecords` where a head of just this size has another root. */
export function compareWithSigned(signed: readonly TreeHead[], range: CompactRange): void {
  for (const { size, root } of signed) {
    if (size !== range.end || sameHash(rangeRoot(range), root)) continue
    throw new OtherRecords(
      `other records than the ${size} that were signed before with root ${toBase64(root)}`,
    )
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
