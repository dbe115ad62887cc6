import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Edit, Proof } from './attack.js'
import { attacks } from './list.js'

/**
 * Takes each check away, in a copy of the tree, and sees that its test fails; it passes before that.
 * Minutes long: npm run test:attacks.
 */
const root = join(import.meta.dirname, '../..')
const home = mkdtempSync(join(tmpdir(), 'capstan-attacks-'))

/** What some test reads. `dist` holds the threads of a server; what they check is not taken away. */
const NEEDED = ['src', 'dist', 'test', 'migrations', 'schema', 'docs'].concat([
  'jest.config.js',
  'package.json',
  'ARCHITECTURE.md',
  'SECURITY.md',
])

beforeAll(() => {
  for (const name of NEEDED) cpSync(join(root, name), join(home, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

interface Case {
  readonly id: string
  readonly name: string
  readonly proof: Proof
}

const cases = attacks.flatMap((part) =>
  part.attacks.flatMap(({ id, proofs }) =>
    proofs.map((proof): Case => ({ id, name: proof.name, proof })),
  ),
)

/** The full name holds both, in whichever order; a name in it.each's form stands for every row. */
function patternOf({ id, name }: Case): string {
  const [first, second] = [id, name].map((text) =>
    text
      .split(/\$\w+|%[sdj]/)
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
      .join('.*'),
  )
  return id === name ? first! : `${first}.*${second}|${second}.*${first}`
}

interface Result {
  readonly fullName: string
  readonly status: string
  readonly failureMessages: readonly string[]
}

interface Ran {
  /** Full names of tests. */
  readonly passed: readonly string[]
  readonly failed: readonly string[]
  /** What failed said. */
  readonly said: readonly string[]
}

/** How the tests of a file ended that the pattern chose. */
function run(file: string, pattern: string): Ran {
  const report = join(home, 'report.json')
  rmSync(report, { force: true })
  const jest = join(root, 'node_modules/jest/bin/jest.js')
  const args = ['--experimental-vm-modules', '--no-warnings', jest, '--rootDir', home, file]
  spawnSync(
    process.execPath,
    [...args, '-t', pattern, '--json', '--outputFile', report, '--forceExit'],
    { cwd: home, stdio: 'ignore', timeout: 300_000 },
  )
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: { assertionResults: Result[] }[]
  }
  const results = testResults.flatMap((tests) => tests.assertionResults)
  const of = (status: string): string[] =>
    results.filter((result) => result.status === status).map(({ fullName }) => fullName)
  const said = results.flatMap(({ failureMessages }) => failureMessages)
  return { passed: of('passed'), failed: of('failed'), said }
}

const untouched = new Map<string, Ran>()

/** How the named tests of a file end while every check is there. One run for all of them. */
function before(file: string): Ran {
  const patterns = cases.filter(({ proof }) => proof.file === file).map(patternOf)
  const found = untouched.get(file) ?? run(file, patterns.join('|'))
  untouched.set(file, found)
  return found
}

function apply(edits: readonly Edit[]): () => void {
  const originals = new Map<string, string>()
  for (const { file, find, replace } of edits) {
    const path = join(home, file)
    const text = readFileSync(path, 'utf8')
    if (!originals.has(path)) originals.set(path, text)
    writeFileSync(path, text.split(find).join(replace))
  }
  return () => {
    for (const [path, text] of originals) writeFileSync(path, text)
  }
}

describe('without its check, the test fails:', () => {
  it.each(cases)('$id: $name', (attack) => {
    const { proof } = attack
    const pattern = patternOf(attack)
    const { passed, failed } = before(proof.file)
    expect(failed).toEqual([])
    expect(passed.filter((name) => new RegExp(pattern).test(name))).not.toEqual([])
    const without = runWithout(proof, pattern)
    // Minutes pass before jest says anything itself.
    const [said = ''] = without.said.join('\n').split('\n')
    process.stderr.write(
      `${without.failed.length > 0 ? 'fails' : 'PASSES'}: ${attack.name}: ${said}\n`,
    )
    expect(without.failed).not.toEqual([])
    // An edit that no longer fits the code breaks it, and shows nothing of the check.
    expect(without.said.filter((text) => !BROKEN.test(text))).not.toEqual([])
  })
})

/** What is thrown by code that is not there any more. */
const BROKEN = /^\s*(SyntaxError|ReferenceError|TypeError: .* (is not a function|is not iterable))/

function runWithout(proof: Proof, pattern: string): Ran {
  const restore = apply(proof.without)
  try {
    return run(proof.file, pattern)
  } finally {
    restore()
  }
}
