import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { goesOnFrom, keptHead, type SignedBefore } from '../namespace/index-tree.js'
import type { Pace } from '../namespace/ports.js'
import { EMPTY_ROOT, type Hash, leafHash, sameHash } from '../tlog/hash.js'
import { proveInclusion } from '../tlog/prove.js'
import { hashesIn } from '../tlog/read-nodes.js'
import { appendToEdge, emptyEdge, headOf } from '../tlog/tree-edge.js'
import type { TreeHead } from '../tlog/verify-proof.js'
import type { IssuanceLog } from './ports.js'

/**
 * May the issuance log be signed on? Only if its tree goes on from the checkpoint that was signed last,
 * and from what is remembered of it outside the store, and if the latest certificate of the ledger is
 * its last leaf: a ledger that was put back, cut short, or written past the log, is refused.
 */
export async function settleIssuanceLog(
  log: IssuanceLog,
  before: SignedBefore,
): Promise<Result<undefined>> {
  const { tree } = log
  // In this order: what is signed and recorded meanwhile only makes the log longer.
  const kept = await keptHead(tree, before.key)
  if (!kept.ok) return kept
  const head = await tree.head()
  if (!(await goesOnFrom(tree, head, head))) return inconsistent('tiles of another root')
  for (const signed of [kept.value, before.head]) {
    if (signed && !(await goesOnFrom(tree, head, signed))) {
      return inconsistent(
        signed.size > head.size
          ? `${head.size} certificates, and ${signed.size} were signed`
          : 'other certificates than were signed',
      )
    }
  }
  const end = await log.last()
  const { size } = await tree.head()
  if (end !== undefined && end >= size) return inconsistent('certificates beyond its end')
  return head.size === 0 ? ok() : endsWith(log, head)
}

/** The last certificate of the log is the ledger's, unless pruning dropped it. */
async function endsWith(log: IssuanceLog, head: TreeHead): Promise<Result<undefined>> {
  const at = head.size - 1
  const found = await log.read(at, 1)
  // Read afterwards: what is pruned meanwhile is counted then.
  if (found.length === 0 && (await log.pruned()) === 0) {
    return inconsistent('no certificate at its end, and none was pruned')
  }
  const { leaf } = await proveInclusion(log.tree, head, at)
  const isSame = found.every(({ bytes }) => sameHash(leaf, leafHash(bytes)))
  return isSame ? ok() : inconsistent('another certificate at its end')
}

/** What a comparison of the ledger with the log came to. */
export interface VerifiedIssuance {
  /** Certificates in the log. */
  readonly size: number
  readonly root: Hash
  /** Certificates of the ledger that are its leaves. */
  readonly compared: number
  /** Certificates that the ledger has, of before there was a log. */
  readonly before: number
}

/** Rows read at a time: a tile. */
const CHUNK = 256

/**
 * Compares every certificate of the ledger with its leaf, and every tile, the root and what was signed
 * with the leaves. Whoever is in the ledger and not in the log is found, and the other way round, but
 * for as many as pruning counted: of those the hashes are compared. What is issued meanwhile is left
 * out, and as many as are pruned meanwhile may be missing. `from` is a head of it that was kept
 * elsewhere: the log must go on from that too.
 */
export async function verifyIssuanceLog(
  log: IssuanceLog,
  before: SignedBefore,
  pace: Pace,
  from?: TreeHead,
): Promise<Result<VerifiedIssuance>> {
  const prunedBefore = await log.pruned()
  const stored = await log.tree.head()
  const found = await compareLeaves(log, stored, pace)
  if (!found.ok) return found
  const compared = found.value
  const { size, root } = stored
  const missing = size - compared
  if (missing < prunedBefore || missing > (await log.pruned())) {
    return inconsistent(
      `${compared} of ${size} certificates in the ledger, and ${prunedBefore} were pruned`,
    )
  }
  const settled = await settleIssuanceLog(log, before)
  if (!settled.ok) return settled
  if (from && !(await goesOnFrom(log.tree, stored, from))) {
    return inconsistent(`${size} certificates, not those of the checkpoint of ${from.size}`)
  }
  const unlogged = await log.unlogged()
  if (unlogged.found !== unlogged.expected || unlogged.later > 0) {
    return inconsistent(
      `${unlogged.found} certificates without a number, ${unlogged.later} of them issued since the log began, and there were ${unlogged.expected}`,
    )
  }
  return ok({ size, root, compared, before: unlogged.found })
}

/** How many certificates the ledger has of this tree, each in its place. */
async function compareLeaves(
  log: IssuanceLog,
  { size, root }: TreeHead,
  pace: Pace,
): Promise<Result<number>> {
  const { tree } = log
  let edge = emptyEdge
  let compared = 0
  for (let at = 0; at < size; at += CHUNK) {
    const width = Math.min(CHUNK, size - at)
    const [row = EMPTY_ROOT] = await tree.readTiles([{ level: 0, index: at / CHUNK, width }])
    const leaves = hashesIn(row, 0, width)
    let next = at
    for (const { seq, bytes } of await log.read(at, width)) {
      // A second one would stand for one that is missing.
      if (seq < next) return inconsistent(`certificate ${seq} twice`)
      const leaf = leaves[seq - at]
      if (!leaf || !sameHash(leaf, leafHash(bytes))) {
        return inconsistent(`another certificate ${seq}`)
      }
      next = seq + 1
      compared += 1
    }
    const appended = appendToEdge(edge, leaves)
    const tiles = await tree.readTiles(appended.tiles.map(({ tile }) => tile))
    for (const [position, { tile, octets }] of appended.tiles.entries()) {
      if (!sameHash(octets, tiles[position] ?? octets.subarray(1))) {
        return inconsistent(`another tile ${tile.index} of level ${tile.level}`)
      }
    }
    edge = appended.edge
    await pace({ work: 'compare the ledger', done: at + width, total: size })
  }
  return sameHash(headOf(edge).root, root) ? ok(compared) : inconsistent('another root')
}

const inconsistent = (found: string): Result<never, Refusal<'tlog.inconsistent'>> =>
  refuse('tlog.inconsistent', 'the issuance log is not what was signed, or not of this ledger', {
    wanted: 'a log that goes on from what was signed, and ends with the ledger',
    found,
    next: 'the store was changed, or an older backup of it was restored: find out which (a backup takes issuance-head.json first, and the store after it)',
  })
