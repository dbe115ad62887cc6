import type { LogName } from '../monitor/alarm.js'
import { HASH_OCTETS } from '../tlog/hash.js'
import { type Bundle, bundlePath, type Tile, tilePath, TILE_WIDTH } from '../tlog/tile.js'
import { type HeldBundle, readBundle, widthsHeld, widthsIn } from './held-bundle.js'
import { envelopesPath, leftPath } from './layout.js'
import type { MirrorFiles } from './ports.js'

/**
 * What a checkpoint covers, for whoever reads beside a mirror that goes on, or a copy that was made
 * meanwhile: a partial tile that has gone is the beginning of the wider one that took its place.
 */
export type CoveredFiles = Pick<MirrorFiles, 'read' | 'list'>

/** `32 * width` octets; undefined where they are gone or damaged. */
export async function coveredRow(files: CoveredFiles, tile: Tile): Promise<Uint8Array | undefined> {
  const own = await files.read(tilePath(tile))
  if (own) return own.length === tile.width * HASH_OCTETS ? own : undefined
  const full = { ...tile, width: TILE_WIDTH }
  for (const width of wider(widthsIn(await files.list(`${tilePath(full)}.p`)), tile.width)) {
    const row = await files.read(tilePath({ ...tile, width }))
    if (row?.length === width * HASH_OCTETS) return row.subarray(0, tile.width * HASH_OCTETS)
  }
  return undefined
}

/** Undefined where it is gone or damaged. */
export async function coveredBundle(
  files: CoveredFiles,
  log: LogName,
  bundle: Bundle,
): Promise<HeldBundle | undefined> {
  const own = await readBundle(files, log, bundle)
  if (own || (await isThere(files, log, bundle))) return own
  const { index, width: most } = bundle
  for (const width of wider(await widthsHeld(files, index), most)) {
    const found = await readBundle(files, log, { index, width })
    if (!found) continue
    return { records: found.records.slice(0, most), envelopes: found.envelopes.slice(0, most) }
  }
  return undefined
}

/** The narrowest first; the full one last, if it is none itself. */
const wider = (widths: readonly number[], width: number): readonly number[] =>
  width === TILE_WIDTH ? [] : [...widths.filter((one) => one > width), TILE_WIDTH]

/** Whatever is in the files. */
async function isThere(files: CoveredFiles, log: LogName, bundle: Bundle): Promise<boolean> {
  const entries = (await files.read(bundlePath(bundle))) ?? (await files.read(leftPath(bundle)))
  if (!entries) return false
  return log !== 'index' || (await files.read(envelopesPath(bundle))) !== undefined
}
