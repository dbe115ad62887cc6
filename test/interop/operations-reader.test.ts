import { describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OperationVectors } from './operations/shapes.js'

const folder = join(import.meta.dirname, '../../docs/format/vectors')
const file = readFileSync(join(folder, 'operations.json'), 'utf8')
const given = JSON.parse(file) as OperationVectors

describe('a reader of every operation that shares nothing with Capstan (Python)', () => {
  function judge(vectors: string): { readonly judged: number; readonly wrong: readonly string[] } {
    const program = join(import.meta.dirname, 'operations_verify.py')
    const done = spawnSync('python3', ['-B', program, vectors], { encoding: 'utf8' })
    if (done.error) throw new Error(`this test wants python3 on the PATH: ${done.error.message}`)
    if (done.stdout === '') throw new Error(`python3 operations_verify.py: ${done.stderr}`)
    return JSON.parse(done.stdout) as ReturnType<typeof judge>
  }

  it('judges every vector as it says', () => {
    const judged = given.records.length + given.bad.length
    expect(judge(folder)).toEqual({ judged, wrong: [] })
  }, 60_000)

  it.each([
    ['a state root', (one: OperationVectors) => one.records.at(-1)!.state],
    ['the root of the tree', (one: OperationVectors) => one.records.at(-1)!.tree],
  ])(
    'says so when %s is not what it says',
    (_what, pick) => {
      const copy = mkdtempSync(join(tmpdir(), 'capstan-operations-'))
      try {
        const { records: all } = given
        const last = `"${pick(given)}"`
        const text = file.slice(0, file.lastIndexOf(last))
        writeFileSync(
          join(copy, 'operations.json'),
          `${text}"${'0'.repeat(64)}"${file.slice(text.length + last.length)}`,
        )
        const { wrong } = judge(copy)
        expect(wrong).toHaveLength(1)
        expect(wrong[0]).toContain(`record ${all.length - 1}, recovery-finish: another`)
      } finally {
        rmSync(copy, { recursive: true })
      }
    },
    60_000,
  )
})
