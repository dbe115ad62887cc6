// node --import ./test/support/typescript.mjs test/mutation/write-document.ts FILE...
// Writes docs/mutation.md from what `--json FILE` kept of a run of each target; names those that have none.
import { readFileSync, writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'
import { page } from './document.js'
import type { Result } from './result.js'
import { targets } from './targets.js'

const path = 'docs/mutation.md'
const given = process.argv
  .slice(2)
  .flatMap((file) => JSON.parse(readFileSync(file, 'utf8')) as readonly Result[])
const results = targets.flatMap(({ name }) => {
  const [result, ...others] = given.filter(({ target }) => target === name)
  if (others.length > 0) throw new Error(`there are two results of ${name}`)
  return result ?? []
})
const unmeasured = targets
  .map(({ name }) => name)
  .filter((name) => !results.some(({ target }) => target === name))
const style = { ...(await resolveConfig(path)), filepath: path }
writeFileSync(path, await format(page(results, unmeasured), style))
