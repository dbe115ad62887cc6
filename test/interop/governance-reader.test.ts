import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GovernanceVectors } from './governance-shapes.js'

const folder = join(import.meta.dirname, '../../docs/format/vectors')
const load = (name: string): unknown =>
  JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))
const stored = load('governance') as GovernanceVectors

describe('a reader of logs that shares nothing with Capstan (Python)', () => {
  let copy: string
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'capstan-governance-'))
    cpSync(folder, copy, { recursive: true })
  })
  afterAll(() => rmSync(copy, { recursive: true }))

  function judge(vectors: string): { readonly judged: number; readonly wrong: readonly string[] } {
    const program = join(import.meta.dirname, 'governance_verify.py')
    const done = spawnSync('python3', ['-B', program, vectors], { encoding: 'utf8' })
    if (done.error) throw new Error(`this test wants python3 on the PATH: ${done.error.message}`)
    if (done.stdout === '') throw new Error(`python3 governance_verify.py: ${done.stderr}`)
    return JSON.parse(done.stdout) as ReturnType<typeof judge>
  }

  it('judges every vector as it says', () => {
    const { judged, wrong } = judge(folder)
    expect(wrong).toEqual([])
    const { statements, enrolments, groups, log } = stored
    const issuance = Object.values(load('issuance') as Record<string, readonly unknown[]>)
    const states = load('state-proof') as readonly unknown[]
    const lists = [statements, enrolments, groups, log.bad, states, ...issuance]
    expect(judged).toBe(lists.reduce((sum, { length }) => sum + length, 1))
  }, 60_000)

  it('says so when a vector is not what it says', () => {
    const path = join(copy, 'governance.json')
    const text = readFileSync(path, 'utf8')
    const { digest } = stored.statements[2]!
    writeFileSync(path, text.replace(`"digest": "${digest!}"`, `"digest": "${'0'.repeat(64)}"`))
    expect(judge(copy).wrong).toEqual(['vote, a vote by Ed25519'])
  }, 60_000)
})
