import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DependencyError } from '../core/dependency-error.js'
import { errorCode, reasonOf } from '../core/error-code.js'
import type { MirrorFiles } from '../mirror/ports.js'

/** What is being written; a crash may leave it, and the next file is written over it. */
const FRESH = '.new'
/** For whoever runs the mirror alone: records say who got what. */
const FOLDER_MODE = 0o700
const FILE_MODE = 0o600

/** The files of one mirrored log in a folder, which one process has for itself. */
export function openMirrorFiles(root: string): MirrorFiles {
  const made = new Set<string>()

  /** A folder is durable once the one above it is. */
  async function makeFolder(path: string): Promise<void> {
    if (made.has(path)) return
    const above = dirname(path)
    if (path !== root) await makeFolder(above)
    await mkdir(path, { mode: FOLDER_MODE }).catch(unlessThere)
    await syncFolder(above)
    made.add(path)
  }

  return {
    read: (path) => absentIs(undefined, () => readFile(join(root, path)), path),

    put: (path, octets) =>
      failing(path, async () => {
        const [fresh, place] = [join(root, FRESH), join(root, path)]
        await makeFolder(dirname(place))
        await writeDurably(fresh, octets)
        await rename(fresh, place)
        await syncFolder(dirname(place))
      }),

    list: (folder) => absentIs([], () => readdir(join(root, folder)), folder),

    remove: (path) => failing(path, () => rm(join(root, path), { force: true })),
  }
}

function unlessThere(error: unknown): void {
  if (errorCode(error) !== 'EEXIST') throw error
}

async function writeDurably(path: string, octets: Uint8Array): Promise<void> {
  const file = await open(path, 'w', FILE_MODE)
  try {
    await file.writeFile(octets)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A rename is durable once its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

async function absentIs<T>(absent: T, read: () => Promise<T>, path: string): Promise<T> {
  return failing(path, async () => {
    try {
      return await read()
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return absent
      throw error
    }
  })
}

async function failing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new DependencyError('mirror', `${path}: ${reasonOf(error)}`, error)
  }
}
