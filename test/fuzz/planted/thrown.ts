import type { Target } from '../../../fuzz/target.js'
import { parse } from './parser.js'

/** A target with defects that the fuzzer must find: see fuzzer.test.ts. */
export const target: Target = {
  seeds: () => [Buffer.from('note=hello;')],
  mutators: [],
  run: (input) => `${parse(Buffer.from(input).toString('latin1')).size} members`,
}
