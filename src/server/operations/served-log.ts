import { DependencyError } from '../../core/dependency-error.js'
import { ok, refuse, type Result } from '../../core/result.js'
import type { UnixSeconds } from '../../core/time.js'
import { encodeBundle } from '../../tlog/entry-bundle.js'
import { leafHash, sameHash } from '../../tlog/hash.js'
import type { LogReader, SignedHead } from '../../tlog/ports.js'
import { formatProof } from '../../tlog/proof-text.js'
import { proveInclusion } from '../../tlog/prove.js'
import { type Tile, TILE_WIDTH, tileAt, type TilePath } from '../../tlog/tile.js'
import type { VerifierKey } from '../../tlog/verifier-key.js'

interface Entry {
  readonly seq: number
  readonly bytes: Uint8Array
}

/** A log as it is served: what its latest checkpoint covers, and nothing else. */
export interface ServedLog {
  readonly name: 'index' | 'issuance'
  readonly key: VerifierKey
  readonly tree: LogReader
  /** At most `limit` entries from `from` on; of the issuance log without those that were pruned. */
  read(from: number, limit: number): Promise<readonly Entry[]>
  /** Resolves when what was appended before is in the checkpoint, where this process signs it. */
  settled(): Promise<void>
  /** Resolves when the latest checkpoint has the cosignatures that it gets soon; signs nothing. */
  cosigned?(): Promise<void>
  /** When its key was asked last to sign a head; undefined before the first. */
  readonly signedAt?: () => UnixSeconds | undefined
}

/** The latest checkpoint, a note. */
export async function latestCheckpoint({ tree }: ServedLog): Promise<Result<string>> {
  const signed = await tree.checkpoint()
  return signed ? ok(signed.note) : nothingYet
}

/** A tile of hashes, or the entries under one. */
export async function tileOf(log: ServedLog, path: TilePath): Promise<Result<Uint8Array>> {
  const tile = path.kind === 'hashes' ? path.tile : { level: 0, ...path.bundle }
  if (!(await isCovered(log, tile))) return notCovered(log, 'tile')
  if (path.kind === 'hashes') {
    const [octets] = await log.tree.readTiles([tile])
    return octets ? ok(octets) : notCovered(log, 'tile')
  }
  const found = await entries(log, tile.index * TILE_WIDTH, tile.width)
  return found.ok ? ok(encodeBundle(found.value)) : found
}

/** A tlog-proof of entry `seq` in the tree of this head, with the entry as its extra line. */
export async function proofOf(
  log: ServedLog,
  signed: SignedHead,
  seq: number,
): Promise<Result<string>> {
  if (seq >= signed.size) return notCovered(log, 'record')
  const found = await entries(log, seq, 1)
  if (!found.ok) return found
  const [extra = NOTHING] = found.value
  const { leaf, index, path } = await proveInclusion(log.tree, signed, seq)
  if (!sameHash(leafHash(extra), leaf)) throw damaged(log, `record ${seq} is not of its tree`)
  return ok(formatProof({ extra, index, path, checkpoint: Buffer.from(signed.note) }))
}

async function isCovered({ tree }: ServedLog, wanted: Tile): Promise<boolean> {
  const { size = 0 } = (await tree.checkpoint()) ?? {}
  const { width = 0 } = tileAt(wanted.level, wanted.index, size) ?? {}
  return wanted.width <= width
}

/** All of them: the checkpoint covers them. */
async function entries(
  log: ServedLog,
  from: number,
  count: number,
): Promise<Result<readonly Uint8Array[]>> {
  const found = await log.read(from, count)
  for (let at = 0; at < count; at += 1) {
    if (found[at]?.seq === from + at) continue
    if (log.name === 'issuance') return pruned
    throw damaged(log, `it has no record ${from + at}`)
  }
  return ok(found.map(({ bytes }) => bytes))
}

const NOTHING = new Uint8Array(0)

const damaged = ({ name }: ServedLog, what: string): DependencyError =>
  new DependencyError(`${name} log`, what)

export const nothingYet: Result<never> = refuse(
  'request.not-found',
  'no checkpoint has been signed yet',
  { next: 'try again in a moment' },
)

const pruned: Result<never> = refuse(
  'request.not-found',
  'records of these certificates were pruned with the ledger',
  { next: 'the hashes are kept: ask for the tile of hashes' },
)

const notCovered = ({ name }: ServedLog, what: string): Result<never> =>
  refuse('request.not-found', `the latest checkpoint covers no such ${what}`, {
    next: `GET /v1/logs/${name}/checkpoint says how many records there are`,
  })
