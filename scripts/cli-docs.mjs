// Writes what is derived from the code: docs/cli.md from the command tree, docs/configuration.md
// and schema/config.schema.json from the configuration's schema. Run it after a build; a test
// compares the files with the code.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'

const root = join(import.meta.dirname, '..')
const dist = process.argv[2] ?? join(root, 'dist')
const { renderCliReference } = await import(join(dist, 'cli/cli-reference.js'))
const { renderConfigReference } = await import(join(dist, 'config/config-reference.js'))
const { configSchema } = await import(join(dist, 'config/config-schema.js'))

const style = await resolveConfig(join(root, 'package.json'))
const files = {
  'docs/cli.md': ['markdown', renderCliReference()],
  'docs/configuration.md': ['markdown', renderConfigReference()],
  'schema/config.schema.json': ['json', JSON.stringify(configSchema)],
}
for (const [path, [parser, text]] of Object.entries(files)) {
  mkdirSync(join(root, path, '..'), { recursive: true })
  writeFileSync(join(root, path), await format(text, { ...style, parser }))
}
