import { open, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { RandomBytes } from '../core/time.js'

/**
 * Puts a file (mode 0600) in place so that a crash leaves the old one or the new one, whole. It and
 * its name are on the disk once this resolves.
 */
export async function writeDurably(
  directory: string,
  name: string,
  content: string,
  random: RandomBytes,
): Promise<void> {
  const temporary = join(directory, `.${name}.${Buffer.from(random(8)).toString('hex')}`)
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, join(directory, name))
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw error
  }
  const folder = await open(directory, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
