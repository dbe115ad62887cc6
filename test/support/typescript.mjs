// Lets Node run the TypeScript of this folder as it is: `node --import ./test/support/typescript.mjs FILE.ts`.
// Node 20 cannot by itself, and jest, which can, is no place for a program that runs for an hour.
import { register } from 'node:module'

register('./typescript-hooks.mjs', import.meta.url)
