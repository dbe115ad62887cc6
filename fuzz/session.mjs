// The thread that one target is fuzzed in.
import { register } from 'node:module'
import '../test/support/typescript.mjs'

register('./instrument/hook.mjs', import.meta.url)
process.setSourceMapsEnabled(true)
// First of all: what is loaded after it counts.
await import('./engine/coverage.ts')
await import('./session.ts')
