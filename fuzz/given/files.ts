import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Every file below a folder of this repository, in the order of the names. */
export function filesBelow(folder: string): readonly { path: string; octets: Uint8Array }[] {
  const root = fileURLToPath(new URL(`../../${folder}/`, import.meta.url))
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => `${item.parentPath}/${item.name}`)
    .sort()
    .map((path) => ({ path, octets: readFileSync(path) }))
}
