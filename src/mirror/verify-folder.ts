import { DependencyError } from '../core/dependency-error.js'
import { type Alarm, alarmOf, type LogName } from '../monitor/alarm.js'
import type { Pace } from '../namespace/ports.js'
import {
  appendToEdge,
  emptyEdge,
  headOf,
  type TileWrite,
  type TreeEdge,
} from '../tlog/tree-edge.js'
import { type Hash, sameHash } from '../tlog/hash.js'
import { toBase64 } from '../tlog/note-text.js'
import { noWitnesses, type Policy, wantsCosigners } from '../tlog/policy.js'
import type { SignedHead } from '../tlog/ports.js'
import { hashesIn } from '../tlog/read-nodes.js'
import { stateRootOf } from '../tlog/state-root.js'
import { hashesAt, tileAt, TILE_WIDTH, tilePath } from '../tlog/tile.js'
import type { VerifierKey } from '../tlog/verifier-key.js'
import { type VerifiedCheckpoint, verifyCheckpoint } from '../tlog/verify-checkpoint.js'
import { coveredBundle, type CoveredFiles, coveredRow } from './covered.js'
import type { FoldedIndex } from './folded-index.js'
import { otherRecordIn } from './held-bundle.js'
import { CHECKPOINT } from './layout.js'

export interface VerifyFolderDeps {
  readonly log: LogName
  readonly files: CoveredFiles
  readonly key: VerifierKey
  readonly policy: Policy
  readonly pace: Pace
  /** Of the index log. */
  readonly fold?: Pick<FoldedIndex, 'faults'>
}

/** Records of which only the hash is there: from the first to the last, both of them. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** What the folder of one log was found to be. */
export interface VerifiedFolder {
  /** What its checkpoint says; undefined where it does not hold. */
  readonly head?: VerifiedCheckpoint
  /** What is wrong with it, as a monitor says it. */
  readonly alarms: readonly Alarm[]
  /** Records that are there, each of them the one that is hashed. */
  readonly records: number
  readonly hashesOnly: readonly Range[]
}

/** More than anybody repairs one by one. */
const MOST_ALARMS = 100

/**
 * Hashes all that the folder of a log has, up to the root that its checkpoint signs, and folds the index
 * log to the state that it signs. Undefined where there is no checkpoint.
 */
export async function verifyFolder(deps: VerifyFolderDeps): Promise<VerifiedFolder | undefined> {
  const { log, files, key, policy, fold } = deps
  const note = await files.read(CHECKPOINT)
  if (!note) return undefined
  const isWanted = log === 'index' || wantsCosigners(policy, key.name)
  const head = verifyCheckpoint(note, key, isWanted ? policy : noWitnesses)
  const state = head.ok ? stateRootOf(head.value) : head
  if (!head.ok || !state.ok) {
    const { refusal } = head.ok ? (state as Extract<typeof state, { readonly ok: false }>) : head
    const code = refusal.code === 'tlog.no-quorum' ? 'missing-cosigners' : 'bad-checkpoint'
    return { alarms: [alarmOf(code, log, refusal)], records: 0, hashesOnly: [] }
  }
  const reading = new Reading(deps, head.value)
  await reading.all()
  const { alarms, records, hashesOnly } = reading
  const { size, root } = head.value
  const signed: SignedHead = {
    ...{ size, root, note: Buffer.from(note).toString() },
    ...(state.value && { state: state.value }),
  }
  // What is not what was signed is not folded.
  const folded = alarms.length === 0 && fold ? await foldedOrFault(fold, signed) : []
  return { head: head.value, alarms: [...alarms, ...folded], records, hashesOnly }
}

async function foldedOrFault(
  fold: Pick<FoldedIndex, 'faults'>,
  head: SignedHead,
): Promise<readonly Alarm[]> {
  try {
    return await fold.faults(head)
  } catch (error) {
    if (!(error instanceof DependencyError) || error.dependency !== 'mirror') throw error
    return [damaged('index', error.message)]
  }
}

class Reading {
  readonly alarms: Alarm[] = []
  readonly hashesOnly: Range[] = []
  records = 0
  private readonly deps: VerifyFolderDeps
  private readonly head: VerifiedCheckpoint

  constructor(deps: VerifyFolderDeps, head: VerifiedCheckpoint) {
    this.deps = deps
    this.head = head
  }

  async all(): Promise<void> {
    const { pace } = this.deps
    const { size } = this.head
    let edge: TreeEdge = emptyEdge
    for (let index = 0; index * TILE_WIDTH < size; index += 1) {
      const row = await this.leavesOf(index)
      if (!row) return
      const { edge: next, tiles } = appendToEdge(edge, row)
      await this.compare(tiles)
      if (this.alarms.length >= MOST_ALARMS) return
      edge = next
      await pace({ work: 'verify the mirror', done: edge.frontier.end, total: size })
    }
    const { root } = headOf(edge)
    if (sameHash(root, this.head.root)) return
    const found = `root ${toBase64(root)} of ${size} records, and ${toBase64(this.head.root)} was signed`
    this.alarms.push(damaged(this.deps.log, found))
  }

  /** Of the records where they are there, and of the tile where only hashes are. */
  private async leavesOf(index: number): Promise<readonly Hash[] | undefined> {
    const { log, files } = this.deps
    const tile = tileAt(0, index, this.head.size)
    if (!tile) return undefined
    const { width } = tile
    const row = await coveredRow(files, tile)
    if (!row) {
      // What comes after it cannot be compared with the root.
      this.alarms.push(damaged(log, `${tilePath(tile)} is gone or damaged`))
      return undefined
    }
    const held = await coveredBundle(files, log, { index, width })
    const first = index * TILE_WIDTH
    const other = held && otherRecordIn(held, row)
    if (!held) this.alarms.push(damaged(log, `records from ${first} on are gone or damaged`))
    else if (other !== undefined) this.alarms.push(damaged(log, `another record ${first + other}`))
    for (const [at, record] of held?.records.entries() ?? []) {
      if (record) this.records += 1
      else this.noteHash(first + at)
    }
    return hashesIn(row, 0, width)
  }

  private noteHash(seq: number): void {
    const last = this.hashesOnly.at(-1)
    if (last?.to === seq - 1) this.hashesOnly.splice(-1, 1, { from: last.from, to: seq })
    else this.hashesOnly.push({ from: seq, to: seq })
  }

  /** Tiles above the leaves, once they are as wide as they get. */
  private async compare(tiles: readonly TileWrite[]): Promise<void> {
    const { log, files } = this.deps
    for (const { tile, octets } of tiles) {
      const width = Math.min(
        TILE_WIDTH,
        hashesAt(tile.level, this.head.size) - tile.index * TILE_WIDTH,
      )
      if (tile.level === 0 || tile.width !== width) continue
      const kept = await coveredRow(files, tile)
      if (kept && sameHash(kept, octets)) continue
      this.alarms.push(damaged(log, `${tilePath(tile)} is gone or damaged`))
    }
  }
}

/** What is said of a log that was to be there, and of which there is no checkpoint. */
export const noCheckpoint = (log: LogName): VerifiedFolder => ({
  alarms: [damaged(log, 'there is no checkpoint of it: gone, or nothing was copied whole yet')],
  records: 0,
  hashesOnly: [],
})

const damaged = (log: LogName, found: string): Alarm => ({
  code: 'inconsistent',
  log,
  detail: 'what the mirror has is not what was signed',
  found,
})
