import { MAX_ENVELOPE_BYTES } from '../namespace/dsse.js'
import { decodeBundle, encodeBundle } from '../tlog/entry-bundle.js'
import { type Hash, HASH_OCTETS, leafHash, sameHash } from '../tlog/hash.js'
import { decimal, fromBase64, toBase64 } from '../tlog/note-text.js'
import { type Bundle, bundlePath, TILE_WIDTH } from '../tlog/tile.js'
import type { LogName } from '../monitor/alarm.js'
import { envelopesPath, leftPath } from './layout.js'
import type { MirrorFiles } from './ports.js'

/** What a mirror has of the entries under a tile. */
export interface HeldBundle {
  /** In their order; undefined where only the hash is left of it. */
  readonly records: readonly (Uint8Array | undefined)[]
  /** Beside each record of the index log; of another log, none. */
  readonly envelopes: readonly (readonly Uint8Array[])[]
}

/** Undefined where it is not there, or is not of its form. Nothing is compared with hashes yet. */
export async function readBundle(
  files: Pick<MirrorFiles, 'read'>,
  log: LogName,
  bundle: Bundle,
): Promise<HeldBundle | undefined> {
  const whole = await files.read(bundlePath(bundle))
  const left = whole ? undefined : await files.read(leftPath(bundle))
  const records = whole ? entriesIn(whole, bundle) : left && leftIn(left, bundle)
  if (!records) return undefined
  if (log !== 'index') return { records, envelopes: [] }
  const beside = await files.read(envelopesPath(bundle))
  const envelopes = beside && envelopesIn(beside, bundle)
  return envelopes && { records, envelopes }
}

/** Widths of the partial bundles of a tile that are there, the narrowest first. */
export async function widthsHeld(
  files: Pick<MirrorFiles, 'list'>,
  index: number,
): Promise<readonly number[]> {
  const full = { index, width: TILE_WIDTH }
  const names = [bundlePath(full), leftPath(full)].map((path) => files.list(`${path}.p`))
  return widthsIn((await Promise.all(names)).flat())
}

/** Each once, the narrowest first. */
export const widthsIn = (names: readonly string[]): readonly number[] =>
  [...new Set(names)]
    .flatMap((name) => decimal(name) ?? [])
    .filter((width) => width > 0 && width < TILE_WIDTH)
    .sort((a, b) => a - b)

/** Durable once it resolves. */
export async function putBundle(
  files: Pick<MirrorFiles, 'put'>,
  log: LogName,
  bundle: Bundle,
  { records, envelopes }: HeldBundle,
): Promise<void> {
  const there = records.filter((record) => record !== undefined)
  if (there.length === records.length) await files.put(bundlePath(bundle), encodeBundle(there))
  else await files.put(leftPath(bundle), Buffer.from(leftText(bundle, records)))
  if (log !== 'index') return
  const lines = envelopes.map((some) => `${some.map(toBase64).join(' ')}\n`)
  await files.put(envelopesPath(bundle), Buffer.from(lines.join('')))
}

/** The number of the first record that is not the one that is hashed there; undefined where none is. */
export function otherRecordIn(
  { records }: Pick<HeldBundle, 'records'>,
  row: Uint8Array,
): number | undefined {
  const at = records.findIndex((record, position) => {
    const hash = hashAt(row, position)
    return record !== undefined && !sameHash(leafHash(record), hash)
  })
  return at === -1 ? undefined : at
}

const hashAt = (row: Uint8Array, at: number): Hash =>
  row.subarray(at * HASH_OCTETS, (at + 1) * HASH_OCTETS)

function entriesIn(octets: Uint8Array, { width }: Bundle): HeldBundle['records'] | undefined {
  const read = decodeBundle(octets, width)
  return read.ok ? read.value : undefined
}

/** A line for each: its number and its octets. */
function leftText({ index }: Bundle, records: HeldBundle['records']): string {
  const first = index * TILE_WIDTH
  return records
    .flatMap((record, at) => (record ? [`${first + at} ${toBase64(record)}\n`] : []))
    .join('')
}

function leftIn(octets: Uint8Array, { index, width }: Bundle): HeldBundle['records'] | undefined {
  const lines = linesIn(octets)
  if (!lines) return undefined
  const first = index * TILE_WIDTH
  const records: (Uint8Array | undefined)[] = Array.from({ length: width }, () => undefined)
  let least = first
  for (const line of lines) {
    const [number = '', text = '', ...more] = line.split(' ')
    const [seq, record] = [decimal(number), fromBase64(text)]
    if (seq === undefined || seq < least || !record || more.length > 0) return undefined
    if (seq >= first + width) return undefined
    records[seq - first] = record
    least = seq + 1
  }
  return records
}

function envelopesIn(octets: Uint8Array, { width }: Bundle): HeldBundle['envelopes'] | undefined {
  const lines = linesIn(octets)
  if (lines?.length !== width) return undefined
  const envelopes: (readonly Uint8Array[])[] = []
  for (const line of lines) {
    const read = line === '' ? [] : line.split(' ').map(fromBase64)
    const fitting = read.filter((one) => one !== undefined && one.length <= MAX_ENVELOPE_BYTES)
    if (fitting.length < read.length) return undefined
    envelopes.push(fitting as readonly Uint8Array[])
  }
  return envelopes
}

/** Undefined where the last line has no line feed. */
function linesIn(octets: Uint8Array): readonly string[] | undefined {
  const lines = Buffer.from(octets.buffer, octets.byteOffset, octets.length)
    .toString('latin1')
    .split('\n')
  return lines.pop() === '' ? lines : undefined
}
