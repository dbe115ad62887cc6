import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from '@jest/globals'
import { planted } from './planted/defects.js'

const out = mkdtempSync(join(tmpdir(), 'capstan-planted-'))
afterAll(() => rmSync(out, { recursive: true }))

/** Capstan with one check taken away: the search, from the seeds alone, finds what that breaks. */
describe.each(planted)('the search of $target finds that $what', ({ target, edit, shows }) => {
  it('within 40,000 executions', () => {
    const { status, stdout } = spawnSync(
      process.execPath,
      ['fuzz/main.mjs', target, '--executions', '40000', '--minutes', '8', '--seed', '1']
        .concat(['--from', 'seeds', '--first', '--out', out])
        .concat(['--edits', JSON.stringify([edit])]),
      { encoding: 'utf8' },
    )
    expect(stdout).toMatch(shows)
    expect(status).toBe(1)
  }, 540_000)
})
