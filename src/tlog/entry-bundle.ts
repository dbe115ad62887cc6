import { refuse, ok, type Result } from '../core/result.js'
import type { Refusal } from '../core/refusal.js'
import { TILE_WIDTH } from './tile.js'

/** What the length of an entry has room for. */
export const MAX_ENTRY_OCTETS = 65_535

/** The longest entry bundle: 256 of the longest entries with their lengths. */
export const MAX_BUNDLE_OCTETS = TILE_WIDTH * (2 + MAX_ENTRY_OCTETS)

/**
 * Entries as C2SP tlog-tiles serves them: each after its length, two octets, big-endian. Throws
 * RangeError for an entry that is too long: whoever appends must have refused it.
 */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  const octets = Buffer.allocUnsafe(entries.reduce((sum, { length }) => sum + 2 + length, 0))
  let at = 0
  for (const entry of entries) {
    if (entry.length > MAX_ENTRY_OCTETS) throw new RangeError('an entry of at most 65,535 octets')
    at = octets.writeUInt16BE(entry.length, at)
    octets.set(entry, at)
    at += entry.length
  }
  return octets
}

/** The `count` entries of a bundle, from 1 to 256: no fewer, no more, and nothing after them. */
export function decodeBundle(
  octets: Uint8Array,
  count: number,
): Result<readonly Uint8Array[], Refusal<'tlog.malformed'>> {
  const entries: Uint8Array[] = []
  let at = 0
  while (at < octets.length && entries.length < count) {
    const [high, low] = octets.subarray(at, at + 2)
    if (high === undefined || low === undefined) return malformed('a length is cut short')
    const end = at + 2 + high * 256 + low
    if (end > octets.length) return malformed('an entry is cut short')
    entries.push(octets.subarray(at + 2, end))
    at = end
  }
  if (entries.length < count) return malformed('entries are missing')
  return at === octets.length ? ok(entries) : malformed('octets after the last entry')
}

const malformed = (found: string): Result<never, Refusal<'tlog.malformed'>> =>
  refuse('tlog.malformed', 'this is not the entry bundle that was asked for', { found })
