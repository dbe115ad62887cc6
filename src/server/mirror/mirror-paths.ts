import { CHECKPOINT, envelopesPath, leftPath } from '../../mirror/layout.js'
import type { LogName } from '../../monitor/alarm.js'
import { bundlePath, parseTilePath, tilePath } from '../../tlog/tile.js'

/** What a mirror shows of its folder. */
export interface Shown {
  /** Of the issuance log: who got what, and when. */
  readonly issuanceRecords: 'shown' | 'hidden'
}

/** A file of a mirror, and how it is served. */
export interface ServedFile {
  readonly log: LogName
  /** In the folder of the log: made of what was read, never the text that was asked for. */
  readonly path: string
  readonly type: 'text/plain; charset=utf-8' | 'application/octet-stream'
  readonly caching: 'immutable' | 'no-cache'
}

const PATH = /^\/(index|issuance)\/([a-z0-9./]{1,100})$/
const TEXT = 'text/plain; charset=utf-8'
const OCTETS = 'application/octet-stream'

/** Undefined for any path but the one spelling of a file that is shown. */
export function servedFile(url: string, { issuanceRecords }: Shown): ServedFile | undefined {
  const [, log, rest = ''] = PATH.exec(url) ?? []
  if (log !== 'index' && log !== 'issuance') return undefined
  if (rest === CHECKPOINT) return { log, path: CHECKPOINT, type: TEXT, caching: 'no-cache' }
  const [, folder] = /^(tile\/entries|tile|envelopes|left)\//.exec(rest) ?? []
  if (folder === undefined) return undefined
  const read = parseTilePath(folder === 'tile' ? rest : `tile/entries${rest.slice(folder.length)}`)
  if (!read) return undefined
  if (read.kind === 'hashes') {
    return { log, path: tilePath(read.tile), type: OCTETS, caching: 'immutable' }
  }
  if (log === 'issuance' && issuanceRecords === 'hidden') return undefined
  switch (folder) {
    case 'tile/entries':
      return { log, path: bundlePath(read.bundle), type: OCTETS, caching: 'immutable' }
    // Folded only when the checkpoint comes that covers them.
    case 'envelopes':
      return { log, path: envelopesPath(read.bundle), type: TEXT, caching: 'no-cache' }
    // A repair may find more.
    default:
      return { log, path: leftPath(read.bundle), type: TEXT, caching: 'no-cache' }
  }
}
