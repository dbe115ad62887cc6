import { describe, expect, it } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Trust, verifyBundle } from '../../src/verify/library.js'
import {
  type BundleTrust,
  type BundleVectors,
  makeBundleVectors,
} from '../interop/bundle-vectors.js'

const path = join(import.meta.dirname, '../../docs/format/vectors/bundle-verify.json')
const stored = JSON.parse(readFileSync(path, 'utf8')) as BundleVectors
const made = await makeBundleVectors()

const trustOf = ({ index, key, policy, now, maxAge }: BundleTrust): Trust => ({
  indexId: index,
  logKey: key,
  now: new Date(now * 1000),
  ...(policy !== undefined && { policy }),
  ...(maxAge !== undefined && { maxAge }),
})

describe.each([
  ['in docs/format/vectors', stored],
  ['as they are made', made],
])('bundles %s', (_, { bundles, vectors }) => {
  it.each(vectors)('$what', ({ bundle, at, drop, put, trust, entry, refused }) => {
    const whole = bundles[bundle]!
    const text = whole.slice(0, at) + put + whole.slice(at + drop)
    const found = verifyBundle(Buffer.from(text), trustOf(trust))
    expect(found.ok ? found.value.entry.uid : found.refusal.code).toBe(entry ?? refused)
  })
})

it('the vectors are of the same things', () => {
  const what = ({ vectors }: BundleVectors) => vectors.map((one) => [one.what, one.refused])
  expect(what(stored)).toEqual(what(made))
})
