import { expect } from '@jest/globals'
import { LiveIndex } from '../../src/namespace/live-index.js'
import { canonicalState } from '../../src/namespace/state.js'
import { codeOf, type GivenIndex, valueOf } from './given-index.js'

/** The log again, from nothing, comes to the same. */
export async function replaysTheSame({ index, deps }: GivenIndex): Promise<void> {
  expect(codeOf(await index.verify())).toBe('ok')
  const again = valueOf(await LiveIndex.open(deps))
  expect(canonicalState(again.state)).toBe(canonicalState(index.state))
}
