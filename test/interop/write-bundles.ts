import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeBundleVectors } from './bundle-vectors.js'

// node --import ./test/support/typescript.mjs test/interop/write-bundles.ts
// ES256 signs otherwise each time, and so the file differs each time; what it says does not.
const path = join(import.meta.dirname, '../../docs/format/vectors/bundle-verify.json')
writeFileSync(path, `${JSON.stringify(await makeBundleVectors(), null, 2)}\n`)
