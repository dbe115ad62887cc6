import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { herdPage } from './page.js'

/**
 * Writes docs/herd.md: `node --import ./test/support/typescript.mjs test/herd/write.ts`. With
 * `--check` it writes nothing, and fails when the page is another.
 */
const root = join(import.meta.dirname, '../..')
const path = join(root, 'docs/herd.md')
const style = await resolveConfig(join(root, 'package.json'))
const page = await format(herdPage(), { ...style, parser: 'markdown' })
if (!process.argv.includes('--check')) {
  writeFileSync(path, page)
} else if (readFileSync(path, 'utf8') !== page) {
  console.error('docs/herd.md is not what the simulation says: test/herd/write.ts')
  process.exitCode = 1
}
