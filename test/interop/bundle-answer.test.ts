import { describe, expect, it } from '@jest/globals'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Trust, verifyAnswer } from '../../src/verify/library.js'
import type { VerifiedAnswer } from '../../src/verify/verify-answer.js'
import {
  type BundleAnswerVector,
  type BundleAnswerVectors,
  makeBundleAnswerVectors,
} from './bundle-answer-vectors.js'
import { judgedByPython } from './python-judge.js'

const path = join(import.meta.dirname, '../../docs/format/vectors/bundle-answer.json')
const stored = JSON.parse(readFileSync(path, 'utf8')) as BundleAnswerVectors
const made = await makeBundleAnswerVectors()

function answerOf(answer: VerifiedAnswer): unknown {
  switch (answer.ask) {
    case 'permit': {
      const { detail: _prose, ...decision } = { detail: '', ...answer.decision }
      return decision
    }
    case 'log':
      return { ops: answer.commits.map(({ op }) => op) }
    case 'authority':
      return { scope: answer.authority.scope, group: answer.authority.group.rev }
  }
}

function answered({ files }: BundleAnswerVectors, vector: BundleAnswerVector): unknown {
  const { file, at, drop, put } = vector
  const { index, key, now, maxAge } = vector.trust
  const trust: Trust = {
    ...{ indexId: index, now: new Date(now * 1000) },
    ...(key !== undefined && { logKey: key }),
    ...(maxAge !== undefined && { maxAge }),
  }
  const text = files[file]!.slice(0, at) + put + files[file]!.slice(at + drop)
  const found = verifyAnswer(Buffer.from(text), trust)
  return found.ok ? answerOf(found.value) : found.refusal.code
}

describe.each([
  ['in docs/format/vectors', stored],
  ['as they are made', made],
])('answers with bundles %s', (_, given) => {
  it.each(given.vectors)('$what', (vector) => {
    expect(answered(given, vector)).toEqual(vector.answer ?? vector.refused)
  })
})

it('the vectors are of the same things', () => {
  const what = ({ vectors }: BundleAnswerVectors) =>
    vectors.map((one) => [one.what, one.answer, one.refused])
  expect(what(stored)).toEqual(what(made))
})

describe('a reader that shares nothing with Capstan (Python)', () => {
  it('answers every file as it says', () => {
    const judged = judgedByPython('answer_verify.py', dirname(path))
    expect(judged).toEqual({ judged: stored.vectors.length, wrong: [] })
  }, 60_000)

  it('says so when a vector is not what it says', () => {
    const copy = mkdtempSync(join(tmpdir(), 'capstan-answers-'))
    const [first, ...more] = stored.vectors
    const vectors = [{ ...first!, answer: { allowed: false } }, ...more]
    writeFileSync(join(copy, 'bundle-answer.json'), JSON.stringify({ ...stored, vectors }))
    const { wrong } = judgedByPython('answer_verify.py', copy)
    rmSync(copy, { recursive: true })
    expect(wrong).toHaveLength(1)
    expect(wrong[0]).toContain('"allowed": true')
  }, 60_000)
})
