// Writes what is derived from the code: docs/cli.md from the command tree, docs/configuration.md
// and the JSON Schemas from the schemas that the program itself applies. Run it after a build; with
// --check it writes nothing, and says which files are not what the code says.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { renderCliReference } from '../dist/cli/cli-reference.js'
import { renderConfigReference } from '../dist/config/config-reference.js'
import { configSchema } from '../dist/config/config-schema.js'
import { documentSchema } from '../dist/namespace/schema.js'
import { formatSchema } from '../dist/verify/format-schema.js'

const root = join(import.meta.dirname, '..')
const style = await resolveConfig(join(root, 'package.json'))
const files = {
  'docs/cli.md': ['markdown', renderCliReference()],
  'docs/configuration.md': ['markdown', renderConfigReference()],
  'schema/config.schema.json': ['json', JSON.stringify(configSchema)],
  'schema/namespace.schema.json': ['json', JSON.stringify(documentSchema)],
  'schema/index.schema.json': ['json', JSON.stringify(formatSchema)],
}
const isCheck = process.argv.includes('--check')

function present(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

for (const [name, [parser, text]] of Object.entries(files)) {
  const path = join(root, name)
  const wanted = await format(text, { ...style, parser })
  if (present(path) === wanted) continue
  if (isCheck) {
    console.error(`${name} is not what the code says: node scripts/references.mjs`)
    process.exitCode = 1
  } else {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, wanted)
  }
}
