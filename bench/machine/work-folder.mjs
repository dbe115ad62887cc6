import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const TMPFS_MAGIC = 0x01021994
const RAMFS_MAGIC = 0x858458f6

/** A new folder below `parent`, on a real disk: in memory, `fsync` would cost nothing. */
export function makeWorkFolder(parent = tmpdir()) {
  const { type } = statfsSync(parent)
  if (type === TMPFS_MAGIC || type === RAMFS_MAGIC) {
    throw new Error(`${parent} is in memory, and the ledger has to be on a disk: --folder DIR`)
  }
  const path = mkdtempSync(join(parent, 'capstan-bench-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
