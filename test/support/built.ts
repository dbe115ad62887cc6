import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The URL of a compiled module, for what only runs compiled: a thread, another process. */
export function builtModule(path: string): string {
  const file = join(import.meta.dirname, '../../dist', path)
  if (!existsSync(file)) throw new Error(`${file} is not there: npm run build`)
  return pathToFileURL(file).href
}
