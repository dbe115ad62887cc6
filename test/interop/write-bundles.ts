import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeBundleAnswerVectors } from './bundle-answer-vectors.js'
import { makeBundleVectors } from './bundle-vectors.js'
import { makeDecisionVectors } from './decision-vectors.js'
import { makeImpactVectors } from './impact-vectors.js'

// node --import ./test/support/typescript.mjs test/interop/write-bundles.ts [NAME]
// ES256 signs otherwise each time, and so the files differ each time; what they say does not.
const folder = join(import.meta.dirname, '../../docs/format/vectors')
const files = {
  'bundle-verify': makeBundleVectors,
  decision: makeDecisionVectors,
  'bundle-answer': makeBundleAnswerVectors,
  impact: makeImpactVectors,
}
const [, , only] = process.argv
for (const [name, make] of Object.entries(files)) {
  if (only !== undefined && only !== name) continue
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(await make(), null, 2)}\n`)
}
