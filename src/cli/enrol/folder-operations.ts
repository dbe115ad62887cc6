import { mkdir, open, rename, rm, symlink } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The single steps of writing an identity. Each is one that a crash may follow. */
export interface FolderOperations {
  makeFolder(path: string): Promise<void>
  /** A new file with these permissions, durable once it resolves; fails when it exists. */
  writeFile(path: string, text: string, mode: number): Promise<void>
  symlink(target: string, path: string): Promise<void>
  /** Takes the place of `to` in one step, durable once it resolves. */
  replace(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
}

export const diskOperations: FolderOperations = {
  makeFolder: async (path) => {
    await mkdir(path, { recursive: true, mode: 0o755 })
  },

  writeFile: async (path, text, mode) => {
    const file = await open(path, 'wx', mode)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
  },

  symlink,

  replace: async (from, to) => {
    await syncFolder(dirname(from))
    await rename(from, to)
    await syncFolder(dirname(to))
  },

  remove: (path) => rm(path, { recursive: true, force: true }),
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
