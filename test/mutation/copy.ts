import { createHash } from 'node:crypto'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { transformSync } from '@swc/core'
import type { Source } from './source.js'

const root = join(import.meta.dirname, '../..')

/** Files of the tree that these files and folders are or hold, without repetition. */
export function filesOf(names: readonly string[], ends: string): readonly string[] {
  const found = names.flatMap((name) =>
    statSync(join(root, name)).isDirectory()
      ? readdirSync(join(root, name), { recursive: true, encoding: 'utf8' })
          .sort()
          .map((below) => join(name, below))
      : [name],
  )
  return [...new Set(found)].filter((name) => name.endsWith(ends))
}

export const readSource = (file: string): Source => ({
  file,
  content: readFileSync(join(root, file), 'utf8'),
})

export interface Copy {
  /** A new folder outside the tree; the caller removes it. */
  readonly home: string
  /** Of everything that is run. */
  readonly digest: string
}

/** Fixtures are linked; what is said of survivors changes no run. */
const NOT_COPIED = ['test/fixtures/', 'test/mutation/survivors/']

/** The tree as JavaScript, with `mutated` in place of what it was. */
export function copyTree(mutated: ReadonlyMap<string, string>): Copy {
  const home = mkdtempSync(join(tmpdir(), 'capstan-mutation-'))
  const hash = createHash('sha256').update(process.version)
  const put = (file: string, content: string): void => {
    const path = join(home, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
    hash.update(`${file}\n${content}\n`)
  }
  for (const file of filesOf(['src', 'test'], '')) {
    if (
      NOT_COPIED.some((folder) => file.startsWith(folder)) ||
      !statSync(join(root, file)).isFile()
    )
      continue
    if (!file.endsWith('.ts') || file.endsWith('.d.ts')) {
      mkdirSync(dirname(join(home, file)), { recursive: true })
      copyFileSync(join(root, file), join(home, file))
      continue
    }
    const content = mutated.get(file) ?? readSource(file).content
    put(file.replace(/\.ts$/, '.js'), compile(file, content))
  }
  for (const name of [
    'node_modules',
    'migrations',
    'schema',
    'docs',
    'package.json',
    'test/fixtures',
  ]) {
    symlinkSync(join(root, name), join(home, name))
  }
  return { home, digest: hash.digest('hex').slice(0, 16) }
}

const compile = (file: string, content: string): string =>
  transformSync(content, {
    filename: file,
    swcrc: false,
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'es6' },
  }).code
