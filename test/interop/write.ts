import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeVectors } from './vectors.js'

// Writes docs/format/vectors: node --import ./test/support/typescript.mjs test/interop/write.ts
const folder = join(import.meta.dirname, '../../docs/format/vectors')
mkdirSync(folder, { recursive: true })
for (const [name, vectors] of Object.entries(await makeVectors())) {
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(vectors, null, 1)}\n`)
}
