// The thread that one target is fuzzed in.
import { register } from 'node:module'
import { workerData } from 'node:worker_threads'
import '../test/support/typescript.mjs'

register('./instrument/hook.mjs', import.meta.url, { data: workerData.edits })
process.setSourceMapsEnabled(true)
// First of all: what is loaded after it counts.
await import('./engine/coverage.ts')
await import('./session.ts')
