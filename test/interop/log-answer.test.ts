import { describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Result } from '../../src/core/result.js'
import { unixSeconds } from '../../src/core/time.js'
import { type VerifiedLog, verifyLogAnswer } from '../../src/monitor/verify-log-answer.js'
import { openShownIndex } from '../../src/store/open-shown-index.js'
import { parsePolicy } from '../../src/tlog/policy.js'
import { parseVerifierKey } from '../../src/tlog/verifier-key.js'
import type { VerifyOptions } from '../../src/verify/verify-bundle.js'
import { logQuestionSchema } from '../../src/verify/log-question.js'
import { valueOf } from '../namespace/given-index.js'
import type { AnswerTrust, AnswerVector, LogAnswerVectors } from './answers/shapes.js'
import { makeLogAnswerVectors } from './answers/vectors.js'
import type { OperationVectors } from './operations/shapes.js'

const folder = join(import.meta.dirname, '../../docs/format/vectors')
const load = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'))
const given = load('log-answer.json') as LogAnswerVectors

const optionsOf = ({ index, key, policy, now, maxAge }: AnswerTrust): VerifyOptions => ({
  indexId: index,
  ...(key !== undefined && { logKey: valueOf(parseVerifierKey(key)) }),
  now: unixSeconds(now),
  ...(policy !== undefined && { policy: valueOf(parsePolicy(Buffer.from(policy))) }),
  ...(maxAge !== undefined && { maxAge: maxAge as never }),
})

async function verified({
  file,
  at,
  drop,
  put,
  trust,
}: AnswerVector): Promise<Result<VerifiedLog>> {
  const whole = given.files[file]!
  const text = whole.slice(0, at) + put + whole.slice(at + drop)
  const home = mkdtempSync(join(tmpdir(), 'capstan-log-answer-vectors-'))
  try {
    await using into = openShownIndex(join(home, 'log'))
    // eslint-disable-next-line @typescript-eslint/require-await -- a file comes so
    const pieces = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from(text)
    }
    return await verifyLogAnswer(pieces(), into, optionsOf(trust), () => undefined)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

describe('docs/format/vectors/log-answer.json', () => {
  it('is what test/interop/write.ts writes', async () => {
    const operations = load('operations.json') as OperationVectors
    expect(await makeLogAnswerVectors(operations)).toEqual(given)
  })

  it('has every question there is', () => {
    const asked = new Set(
      given.vectors
        .filter(({ size }) => size !== undefined)
        .map(({ file, at, drop, put }) => {
          const whole = given.files[file]!
          const [first] = (whole.slice(0, at) + put + whole.slice(at + drop)).split('\n', 1)
          return (JSON.parse(first!) as { question: { ask: string } }).question.ask
        }),
    )
    const all = logQuestionSchema.oneOf.map(({ properties }) => {
      return (properties as { ask: { const: string } }).ask.const
    })
    expect([...asked].sort()).toEqual([...all].sort())
  })

  it.each(given.vectors)('$what', async (vector) => {
    const found = await verified(vector)
    expect(found.ok ? found.value.size : found.refusal.code).toBe(vector.size ?? vector.refused)
  })
})

describe('a verifier that shares nothing with Capstan (Python)', () => {
  function judge(vectors: string): { readonly judged: number; readonly wrong: readonly string[] } {
    const program = join(import.meta.dirname, 'log_answer_verify.py')
    const done = spawnSync('python3', ['-B', program, vectors], { encoding: 'utf8' })
    if (done.error) throw new Error(`this test wants python3 on the PATH: ${done.error.message}`)
    if (done.stdout === '') throw new Error(`python3 log_answer_verify.py: ${done.stderr}`)
    return JSON.parse(done.stdout) as ReturnType<typeof judge>
  }

  it('judges every vector as it says, with its code', () => {
    expect(judge(folder)).toEqual({ judged: given.vectors.length, wrong: [] })
  }, 120_000)

  it('says so when a vector is not what it says', () => {
    const copy = mkdtempSync(join(tmpdir(), 'capstan-log-answer-'))
    try {
      const [first, ...rest] = given.vectors
      const vectors = [{ ...first!, size: 1 }, ...rest.slice(0, 1)]
      writeFileSync(join(copy, 'log-answer.json'), JSON.stringify({ ...given, vectors }))
      expect(judge(copy).wrong).toEqual([`${first!.what}: ${first!.size}`])
    } finally {
      rmSync(copy, { recursive: true })
    }
  }, 60_000)
})
