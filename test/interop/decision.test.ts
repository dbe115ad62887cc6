import { describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Result } from '../../src/core/result.js'
import { seconds, unixSeconds } from '../../src/core/time.js'
import { conditions, type Decision } from '../../src/namespace/permit/decision.js'
import { routeOf } from '../../src/namespace/rule/route.js'
import { parseVerifierKey } from '../../src/tlog/verifier-key.js'
import { permitBundles } from '../../src/verify/permit-bundles.js'
import { verifyBundle } from '../../src/verify/verify-bundle.js'
import { valueOf } from '../namespace/given-index.js'
import {
  type DecisionVector,
  type DecisionVectors,
  makeDecisionVectors,
} from './decision-vectors.js'

const path = join(import.meta.dirname, '../../docs/format/vectors/decision.json')
const stored = JSON.parse(readFileSync(path, 'utf8')) as DecisionVectors
const made = await makeDecisionVectors()

function decided({ bundles, trust }: DecisionVectors, vector: DecisionVector): Result<Decision> {
  const { at, port, route: asked, headers, maxAge, trustLog } = vector
  const route = asked && routeOf(asked.method, asked.path, headers)
  if (route?.ok === false) return route
  const options = {
    logKey: valueOf(parseVerifierKey(trust.key)),
    now: unixSeconds(at),
    ...(maxAge !== undefined && { maxAge: seconds(maxAge) }),
    ...(trustLog !== undefined && { trustLog }),
  }
  const verified = (name: string, indexId = trust.index) =>
    verifyBundle(Buffer.from(bundles[name]!), { ...options, indexId })
  const caller = verified(vector.caller, vector.callerIndex)
  if (!caller.ok) return caller
  const callee = verified(vector.callee)
  if (!callee.ok) return callee
  const call = { port, now: unixSeconds(at), ...(route && { route: route.value }) }
  return permitBundles(caller.value, callee.value, call)
}

const saidOf = ({ refused, allowed, rule, condition, by, guard }: DecisionVector): unknown =>
  JSON.parse(JSON.stringify({ refused, allowed, rule, condition, by, guard }))

describe.each([
  ['in docs/format/vectors', stored],
  ['as they are made', made],
])('decisions %s', (_, given) => {
  it.each(given.vectors)('$what', (vector) => {
    const found = decided(given, vector)
    if (!found.ok) expect({ refused: found.refusal.code }).toEqual(saidOf(vector))
    else {
      const { detail: _prose, ...said } = { detail: '', ...found.value }
      expect(said).toEqual(saidOf(vector))
    }
  })
})

it('the vectors are of the same things', () => {
  const what = ({ vectors }: DecisionVectors) => vectors.map((one) => [one.what, saidOf(one)])
  expect(what(stored)).toEqual(what(made))
})

it('the vectors have every condition by which bundles deny', () => {
  const missing = conditions.filter((name) => !stored.vectors.some((one) => one.condition === name))
  // Of what is no entry there is no bundle.
  expect(missing).toEqual(['unknown'])
})

describe('a reader that shares nothing with Capstan (Python)', () => {
  function judge(folder: string): { readonly judged: number; readonly wrong: readonly string[] } {
    const program = join(import.meta.dirname, 'decide.py')
    const done = spawnSync('python3', ['-B', program, folder], { encoding: 'utf8' })
    if (done.error) throw new Error(`this test wants python3 on the PATH: ${done.error.message}`)
    if (done.stdout === '') throw new Error(`python3 decide.py: ${done.stderr}`)
    return JSON.parse(done.stdout) as ReturnType<typeof judge>
  }

  it('decides every call as it says', () => {
    expect(judge(dirname(path))).toEqual({ judged: stored.vectors.length, wrong: [] })
  }, 60_000)

  it('says so when a vector is not what it says', () => {
    const copy = mkdtempSync(join(tmpdir(), 'capstan-decisions-'))
    const [first, ...more] = stored.vectors
    const vectors = [{ ...first!, route: { method: 'GET', path: '/orders2' } }, ...more]
    writeFileSync(join(copy, 'decision.json'), JSON.stringify({ ...stored, vectors }))
    const { wrong } = judge(copy)
    rmSync(copy, { recursive: true })
    expect(wrong).toHaveLength(1)
    expect(wrong[0]).toContain('"condition": "route"')
  }, 60_000)
})
