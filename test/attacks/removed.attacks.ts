import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Attack, Edit, Proof } from './attack.js'
import { attacks } from './list.js'

/**
 * Takes each check away, in a copy of the tree, and sees that its test fails; and before that, that
 * it passes. Minutes long: npm run test:attacks.
 */
const root = join(import.meta.dirname, '../..')
const home = mkdtempSync(join(tmpdir(), 'capstan-attacks-'))

beforeAll(() => {
  const needed = ['src', 'test', 'migrations', 'schema', 'docs', 'jest.config.js', 'package.json']
  for (const name of needed) cpSync(join(root, name), join(home, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

interface Outcome {
  /** Full names of the tests that ran. */
  readonly passed: readonly string[]
  readonly failed: readonly string[]
}

/** Runs the tests of one file whose names have both. */
function run(proof: Proof, attack: Attack): Outcome {
  const [id, name] = [patternOf(attack.id), patternOf(proof.name)]
  const wanted = `${id}.*${name}|${name}.*${id}|${attack.id === proof.name ? name : '(?!)'}`
  const report = join(home, 'report.json')
  rmSync(report, { force: true })
  const jest = join(root, 'node_modules/jest/bin/jest.js')
  const args = ['--experimental-vm-modules', '--no-warnings', jest, '--rootDir', home]
  spawnSync(
    process.execPath,
    [...args, proof.file, '-t', wanted, '--json', '--outputFile', report, '--forceExit'],
    { cwd: home, stdio: 'ignore', timeout: 180_000 },
  )
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: { assertionResults: { fullName: string; status: string }[] }[]
  }
  const results = testResults.flatMap((file) => file.assertionResults)
  const of = (status: string): string[] =>
    results.filter((result) => result.status === status).map(({ fullName }) => fullName)
  return { passed: of('passed'), failed: of('failed') }
}

/** As jest compares: a name in it-each's form stands for every row. */
const patternOf = (name: string): string =>
  name
    .split(/\$\w+|%[sdj]/)
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join('.*')

function apply(edits: readonly Edit[]): () => void {
  const before = new Map<string, string>()
  for (const { file, find, replace } of edits) {
    const path = join(home, file)
    const text = readFileSync(path, 'utf8')
    if (!before.has(path)) before.set(path, text)
    writeFileSync(path, text.split(find).join(replace))
  }
  return () => {
    for (const [path, text] of before) writeFileSync(path, text)
  }
}

describe.each(attacks)('$title', (part) => {
  const proofs = part.attacks.flatMap((attack) =>
    attack.proofs.map((proof) => ({ id: attack.id, name: proof.name, attack, proof })),
  )

  it.each(proofs)('$id: $name', ({ attack, proof }) => {
    const whole = run(proof, attack)
    expect(whole.failed).toEqual([])
    expect(whole.passed.length).toBeGreaterThan(0)
    const restore = apply(proof.without)
    const without = run(proof, attack)
    restore()
    expect(without.failed.length).toBeGreaterThan(0)
  })
})
