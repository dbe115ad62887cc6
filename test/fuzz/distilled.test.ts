import { expect, it } from '@jest/globals'
import { distilled, type Telling } from '../../fuzz/engine/corpus.js'

const telling = (text: string, kind: string, ...features: readonly number[]): Telling => ({
  input: Buffer.from(text),
  kind,
  features,
})
const texts = (inputs: readonly Uint8Array[]): readonly string[] =>
  inputs.map((input) => Buffer.from(input).toString())

it('keeps the shortest of each kind, however many tell more', () => {
  const many = [1, 2, 3, 4, 5].map((n) => telling(`refused ${n}`, 'refused', 10 * n, 10 * n + 1))
  const kept = distilled([...many, telling('the accepted one', 'accepted', 10)], 4, 1000)
  expect(texts(kept)).toEqual(['refused 1', 'the accepted one', 'refused 2', 'refused 3'])
})

it('keeps nothing that does only what others do', () => {
  const kept = distilled([telling('aa', 'refused', 1, 2), telling('a', 'refused', 1)], 4, 1000)
  expect(texts(kept)).toEqual(['a', 'aa'])
  expect(texts(distilled([telling('b', 'k', 1), telling('bb', 'k', 1)], 4, 1000))).toEqual(['b'])
})

it('stays within its room', () => {
  const inputs = ['aaaa', 'bbbb', 'cccc'].map((text, at) => telling(text, 'refused', at))
  expect(texts(distilled(inputs, 4, 8))).toEqual(['aaaa', 'bbbb'])
})
