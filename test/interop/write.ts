import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GovernanceVectors } from './governance-shapes.js'
import { makeLogAnswerVectors } from './answers/vectors.js'
import { identityVectors } from './identity-vectors.js'
import { makeGovernanceVectors } from './governance-vectors.js'
import { makeOperationVectors } from './operations/vectors.js'
import { makeVectors } from './vectors.js'

// Writes docs/format/vectors: node --import ./test/support/typescript.mjs test/interop/write.ts
// write-bundles.ts writes those of bundles.
const folder = join(import.meta.dirname, '../../docs/format/vectors')
mkdirSync(folder, { recursive: true })
const path = (name: string): string => join(folder, `${name}.json`)

for (const [name, vectors] of Object.entries(await makeVectors())) {
  writeFileSync(path(name), `${JSON.stringify(vectors, null, 1)}\n`)
}

// ECDSA signs otherwise each time: what was signed once stays as it is.
type Signed = Pick<GovernanceVectors, 'signatures'>
const before = (name: string): Signed | undefined =>
  existsSync(path(name)) ? (JSON.parse(readFileSync(path(name), 'utf8')) as Signed) : undefined
const signed = {
  governance: await makeGovernanceVectors(before('governance')),
  operations: await makeOperationVectors(before('operations')),
}
const answers = { 'log-answer': await makeLogAnswerVectors(signed.operations) }
const others = { ...answers, identity: identityVectors() }
for (const [name, vectors] of Object.entries({ ...signed, ...others })) {
  writeFileSync(path(name), `${JSON.stringify(vectors, null, 1)}\n`)
}
