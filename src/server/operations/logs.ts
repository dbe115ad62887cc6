import { DependencyError } from '../../core/dependency-error.js'
import { ok, refuse, type Result } from '../../core/result.js'
import { stateKey } from '../../namespace/state-map.js'
import { encodeBundle } from '../../tlog/entry-bundle.js'
import { leafHash, sameHash } from '../../tlog/hash.js'
import type { LogReader } from '../../tlog/ports.js'
import { formatProof } from '../../tlog/proof-text.js'
import { proveInclusion } from '../../tlog/prove.js'
import { formatStateProof } from '../../tlog/state-proof-text.js'
import { type Tile, TILE_WIDTH, tileAt } from '../../tlog/tile.js'
import type { VerifierKey } from '../../tlog/verifier-key.js'
import type { Operations } from '../operations.js'

interface Entry {
  readonly seq: number
  readonly bytes: Uint8Array
}

/** A log as it is served: what its latest checkpoint covers, and nothing else. */
export interface ServedLog {
  readonly key: VerifierKey
  readonly tree: LogReader
  /** At most `limit` entries from `from` on. */
  read(from: number, limit: number): Promise<readonly Entry[]>
  /** Resolves when what was appended before is in the checkpoint, where this process signs it. */
  settled(): Promise<void>
}

type LogOperations = Pick<Operations, 'checkpoint' | 'logTile' | 'logProof' | 'stateProof'>

/** The index log for whoever watches it. */
export function logOperations(log: ServedLog): LogOperations {
  const { tree } = log
  const isCovered = async (wanted: Tile): Promise<boolean> => {
    const { size = 0 } = (await tree.checkpoint()) ?? {}
    const { width = 0 } = tileAt(wanted.level, wanted.index, size) ?? {}
    return wanted.width <= width
  }

  /** All of them: the checkpoint covers them. */
  const entries = async (from: number, count: number): Promise<readonly Uint8Array[]> => {
    const found = await log.read(from, count)
    for (let at = 0; at < count; at += 1) {
      if (found[at]?.seq !== from + at) throw damaged(`it has no record ${from + at}`)
    }
    return found.map(({ bytes }) => bytes)
  }

  return {
    async checkpoint() {
      await log.settled()
      const signed = await tree.checkpoint()
      return signed ? ok(signed.note) : nothingYet
    },

    async logTile(path) {
      const tile = path.kind === 'hashes' ? path.tile : { level: 0, ...path.bundle }
      if (!(await isCovered(tile))) return notCovered('tile')
      if (path.kind === 'hashes') {
        const [octets] = await tree.readTiles([tile])
        return octets ? ok(octets) : notCovered('tile')
      }
      return ok(encodeBundle(await entries(tile.index * TILE_WIDTH, tile.width)))
    },

    async logProof(seq) {
      await log.settled()
      const signed = await tree.checkpoint()
      if (!signed) return nothingYet
      if (seq >= signed.size) return notCovered('record')
      const [extra = NOTHING] = await entries(seq, 1)
      const { leaf, index, path } = await proveInclusion(tree, signed, seq)
      if (!sameHash(leafHash(extra), leaf)) throw damaged(`record ${seq} is not of its tree`)
      return ok(formatProof({ extra, index, path, checkpoint: Buffer.from(signed.note) }))
    },

    async stateProof(table, name) {
      await log.settled()
      const proved = await tree.proveState([stateKey(table, name)])
      const [proof] = proved?.proofs ?? []
      if (!proved || !proof) return nothingYet
      const checkpoint = Buffer.from(proved.signed.note)
      return ok(formatStateProof({ about: { table, name }, proof, checkpoint }))
    },
  }
}

const NOTHING = new Uint8Array(0)

const damaged = (what: string): DependencyError => new DependencyError('index log', what)

type NotThere = Result<never>

const nothingYet: NotThere = refuse('request.not-found', 'no checkpoint has been signed yet', {
  next: 'try again in a moment',
})

const notCovered = (what: string): NotThere =>
  refuse('request.not-found', `the latest checkpoint covers no such ${what}`, {
    next: 'GET /v1/logs/index/checkpoint says how many records there are',
  })
