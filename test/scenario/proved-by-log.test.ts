import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { CapstanProcess, type Ran } from '../support/capstan-process.js'

let capstan: CapstanProcess
/** A machine that has the files, and nothing else of the installation. */
let away = ''
let trust: readonly string[] = []

beforeAll(async () => {
  away = mkdtempSync(join(tmpdir(), 'capstan-away-'))
  capstan = await CapstanProcess.founded()
  await capstan.start()
  for (const alias of ['web/shop', 'payments/api']) {
    capstan.must(['entry', 'create', alias, '--owner', 'team'])
  }
  const rule = ['--id', 'shop', '--caller', 'web/shop', '--port', '8080']
  capstan.must(['rules', 'attach', 'payments/api', ...rule])
  const { index } = capstan.json(['status']) as {
    index: { id: string; logKey: string }
  }
  trust = ['--index', index.id]
})
afterAll(async () => {
  await capstan[Symbol.asyncDispose]()
  rmSync(away, { recursive: true, force: true })
})

const main = join(import.meta.dirname, '../../dist/main.js')
const verify = (file: string): Ran => {
  const done = spawnSync(process.execPath, [main, 'verify', file, ...trust], {
    encoding: 'utf8',
    cwd: away,
    env: { HOME: away, TMPDIR: join(away, 'tmp'), NO_COLOR: '1' },
  })
  return { status: done.status, stdout: done.stdout, stderr: done.stderr }
}
const proved = (...question: readonly string[]): string => {
  const file = join(away, 'p')
  capstan.must([...question, '--prove', '-o', file])
  return file
}

it('a whole log proves an answer to somebody who has a file, and asks nobody', async () => {
  mkdirSync(join(away, 'tmp'))
  const reach = verify(proved('reach', 'web/shop'))
  expect(reach).toMatchObject({ status: 0, stderr: '' })
  expect(reach.stdout).toContain('web/shop -> payments/api port 8080')
  expect(reach.stdout).toContain('test.example/index, all of its 4 records')
  expect(verify(proved('reach', 'web/shop', '--at', '3')).stdout).toContain('may call nobody')
  expect(verify(proved('diff', '3', '4')).stdout).toContain('changed entry payments/api: rules')
  const denied = verify(proved('why', 'web/shop', 'payments/api', '--port', '1', '--at', '3'))
  expect([denied.status, denied.stdout.includes('denied')]).toEqual([9, true])
  expect(readdirSync(join(away, 'tmp'))).toEqual([])

  // The same without a server.
  await capstan.stop()
  const file = proved('exceptions')
  expect(verify(file).stdout).toContain('nothing: everything was decided in the usual way')
  const [header = '', genesis = '', first = '', second = '', ...lines] = readFileSync(
    file,
    'utf8',
  ).split('\n')
  for (const [order, refused] of [
    [[genesis, second, first], 'bundle.not-proved'],
    [[first, genesis, second], 'bundle.no-log-key'],
  ] as const) {
    writeFileSync(file, [header, ...order, ...lines].join('\n'))
    const swapped = verify(file)
    expect([swapped.status, swapped.stdout]).toEqual([5, ''])
    expect(swapped.stderr).toContain(refused)
  }
})
