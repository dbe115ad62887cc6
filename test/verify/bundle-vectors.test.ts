import { describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { canonicalize } from '../../src/core/canonical-json.js'
import { sha256Hex } from '../../src/core/uid.js'
import type { Bundle } from '../../src/verify/bundle.js'
import { type Trust, verifyBundle } from '../../src/verify/library.js'
import {
  type BundleTrust,
  type BundleVectors,
  makeBundleVectors,
} from '../interop/bundle-vectors.js'

const path = join(import.meta.dirname, '../../docs/format/vectors/bundle-verify.json')
const stored = JSON.parse(readFileSync(path, 'utf8')) as BundleVectors
const made = await makeBundleVectors()

const trustOf = ({ index, key, policy, now, maxAge, trustLog }: BundleTrust): Trust => ({
  indexId: index,
  ...(key !== undefined && { logKey: key }),
  now: new Date(now * 1000),
  ...(policy !== undefined && { policy }),
  ...(maxAge !== undefined && { maxAge }),
  ...(trustLog !== undefined && { trustLog }),
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

describe('docs/format-bundle.md', () => {
  it('has a worked example that is true', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/format-bundle.md'), 'utf8')
    const { index, root, entry } = JSON.parse(stored.bundles['api']!) as Bundle
    const octets = canonicalize(entry.state)
    const wanted = [index, root.state.uid, octets, sha256Hex(octets)]
    expect(wanted.filter((part) => !page.includes(part))).toEqual([])
  })
})

describe('a verifier that shares nothing with Capstan (Python)', () => {
  function judge(folder: string): { readonly judged: number; readonly wrong: readonly string[] } {
    const program = join(import.meta.dirname, '../interop/bundle_verify.py')
    const done = spawnSync('python3', ['-B', program, folder], { encoding: 'utf8' })
    if (done.error) throw new Error(`this test wants python3 on the PATH: ${done.error.message}`)
    if (done.stdout === '') throw new Error(`python3 bundle_verify.py: ${done.stderr}`)
    return JSON.parse(done.stdout) as ReturnType<typeof judge>
  }

  it('judges every vector as it says', () => {
    expect(judge(dirname(path))).toEqual({ judged: stored.vectors.length, wrong: [] })
  })

  it('says so when a vector is not what it says', () => {
    const copy = mkdtempSync(join(tmpdir(), 'capstan-bundles-'))
    const [first, ...more] = stored.vectors
    const changed = { ...stored, vectors: [{ ...first!, refused: 'bundle.stale' }, ...more] }
    delete (changed.vectors[0] as { entry?: string }).entry
    writeFileSync(join(copy, 'bundle-verify.json'), JSON.stringify(changed))
    const { wrong } = judge(copy)
    rmSync(copy, { recursive: true })
    expect(wrong).toEqual([`${first!.what}: ${first!.entry!}`])
  })
})
