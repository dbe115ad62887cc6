import { describe, expect, it } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { verifyBundle } from '../../src/verify/library.js'
import type { BundleVectors } from '../interop/bundle-vectors.js'

const path = join(import.meta.dirname, '../../docs/format/vectors/bundle-verify.json')
const { bundles, vectors } = JSON.parse(readFileSync(path, 'utf8')) as BundleVectors

/** What is said of the vector of this name: `verified`, or the code of the refusal. */
function judged(name: string): string {
  const found = vectors.find(({ what }) => what === name)
  if (!found) throw new Error(`there is no vector ${name}`)
  const { bundle, at, drop, put, trust } = found
  const whole = bundles[bundle]!
  const text = whole.slice(0, at) + put + whole.slice(at + drop)
  const { index: indexId, key, now, trustLog = false } = trust
  const said = key === undefined ? {} : { logKey: key }
  const options = { indexId, ...said, now: new Date(now * 1000), trustLog }
  const verified = verifyBundle(Buffer.from(text), options)
  return verified.ok ? 'verified' : verified.refusal.code
}

describe('attack 370: keys that are over, and a log that takes their votes', () => {
  it.each([
    'votes by keys that were over before they were asked',
    'votes by keys that were over before they were asked, without the lineage of its scopes',
    'a vote of before its proposal',
    'a vote of a time after its record',
  ])('refuses %s', (name) => {
    expect(judged(name)).toBe('bundle.not-proved')
  })

  it('takes votes by clocks that are a little behind', () => {
    expect(judged('votes by later keys, one by a clock that is behind')).toBe('verified')
  })
})

describe('attack 371: a log whose time runs backwards', () => {
  it.each([
    'a record of a time after that of the next',
    'a record of a time after that of the next, without the lineage of its scopes',
    'a last record of a time before that of its opening',
  ])('refuses %s', (name) => {
    expect(judged(name)).toBe('bundle.not-proved')
  })
})

describe('attack 372: votes against each other that their slots do not show', () => {
  it('takes votes for one change and for several that rule it out, with what was proposed', () => {
    expect(judged('votes for one change and for several that rule it out')).toBe('verified')
  })

  it.each([
    'votes for several changes without their proposals',
    'votes for several changes that rule nothing out',
  ])('refuses %s', (name) => {
    expect(judged(name)).toBe('bundle.not-proved')
  })
})
