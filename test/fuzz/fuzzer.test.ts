import { spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'

const out = mkdtempSync(join(tmpdir(), 'capstan-fuzzer-'))
const fuzz = (planted: string, ...args: readonly string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, ['fuzz/main.mjs', `test/fuzz/planted/${planted}.ts`, ...args], {
    encoding: 'utf8',
  })
const search = (planted: string): SpawnSyncReturns<string> =>
  fuzz(planted, '--executions', '2000', '--hang', '1', '--seed', '1', '--out', out)

/** The paths of what was found. */
function found(planted: string, kind: string): readonly string[] {
  const folder = join(out, 'findings', planted)
  return readdirSync(folder)
    .filter((name) => name.startsWith(kind) && !name.endsWith('.txt'))
    .map((name) => join(folder, name))
}
const inputs = (planted: string, kind: string): readonly string[] =>
  found(planted, kind).map((path) => readFileSync(path, 'latin1'))

/** A search that finds nothing shows something only if it finds what is there to be found. */
describe('the fuzzer', () => {
  let thrown: SpawnSyncReturns<string>
  let endless: SpawnSyncReturns<string>

  beforeAll(() => {
    thrown = search('thrown')
    endless = search('endless')
  })
  afterAll(() => rmSync(out, { recursive: true }))

  it('says by its exit that it found something', () => {
    expect([thrown.status, endless.status]).toEqual([1, 1])
    expect(thrown.stdout).toContain('planted: thrown')
  })

  it('finds what is thrown behind two comparisons, and makes it short', () => {
    expect(inputs('thrown', 'error')).toContain('version=4711')
  })

  it('finds what is left on a prototype, and goes on without it', () => {
    expect(inputs('thrown', 'error')).toContain('spread')
  })

  it('finds what does not end, long before its time is up', () => {
    expect(inputs('endless', 'hang').join('')).toContain('keep=on and on')
  })

  it('shows it again', () => {
    const again = fuzz('thrown', '--replay', ...found('thrown', 'error'))
    expect(again.status).toBe(1)
    expect(again.stdout).toContain('planted: thrown')
  })
})
