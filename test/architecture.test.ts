import { describe, expect, it } from '@jest/globals'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

const src = join(import.meta.dirname, '../src')

const sources = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, text: readFileSync(join(src, name), 'utf8') }))

const filesThat = (pattern: RegExp): string[] =>
  sources
    .filter(({ text }) => pattern.test(text))
    .map(({ name }) => relative('.', name))
    .sort()

describe('there is one path to a certificate', () => {
  it('a leaf is planned for a governed entry in one file, and for the server itself in another', () => {
    expect(filesThat(/import .*\bplanLeaf\b/)).toEqual([
      'issuance/issue-leaf.ts',
      'issuance/server-leaf.ts',
    ])
  })

  it('what is planned there is signed there, and nowhere else', () => {
    expect(filesThat(/\.signLeaf\(/)).toEqual(['issuance/issue-leaf.ts', 'issuance/server-leaf.ts'])
  })

  it('only what verified a CSR makes a VerifiedCsr', () => {
    expect(filesThat(/\bas VerifiedCsr\b/)).toEqual(['csr/verify-csr.ts'])
    expect(filesThat(/import \{[^}]*\bverifyCsr\b[^}]*\} from/)).toEqual([
      'csr/verified-csr-cache.ts',
    ])
  })
})

describe('what SECURITY.md promises', () => {
  it('is in tests that there are', () => {
    const root = join(import.meta.dirname, '..')
    const text = readFileSync(join(root, 'SECURITY.md'), 'utf8')
    const named = [...text.matchAll(/`(test\/[^`]+)`/g)].map(([, path = '']) => path)
    expect(named.length).toBeGreaterThan(30)
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })
})

describe('ARCHITECTURE.md', () => {
  const text = readFileSync(join(import.meta.dirname, '../ARCHITECTURE.md'), 'utf8')

  it('names files that there are', () => {
    const named = [...text.matchAll(/`(?:src\/)?([a-z0-9/-]+\.ts)`/g)].map(([, path = '']) => path)
    const missing = named.filter(
      (path) => !sources.some(({ name }) => name === path || name.endsWith(`/${path}`)),
    )
    expect(named.length).toBeGreaterThan(15)
    expect(missing).toEqual([])
  })

  it('has a row for each folder', () => {
    const folders = readdirSync(src, { withFileTypes: true })
      .filter((item) => item.isDirectory())
      .map(({ name }) => name)
    expect(folders.filter((name) => !text.includes(`| \`${name}\``))).toEqual([])
  })
})
