import type { Target } from '../../../fuzz/target.js'
import { parseOn } from './parser.js'

/** A target with an input that has no end: see fuzzer.test.ts. */
export const target: Target = {
  seeds: () => [Buffer.from('note=hello;')],
  mutators: [],
  run: (input) => `${parseOn(Buffer.from(input).toString('latin1')).size} members`,
}
