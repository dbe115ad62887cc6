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
    expect(filesThat(/\bas VerifiedCsr\b/)).toEqual(['csr/packed-csr.ts', 'csr/verify-csr.ts'])
    // Of what was verified, and kept in this process alone.
    expect(filesThat(/\b(?:un)?packCsr\b[^;]*\} from/)).toEqual(['csr/verified-csr-cache.ts'])
    expect(filesThat(/import \{[^}]*\bverifyCsr\b[^}]*\} from/)).toEqual([
      'csr/verified-csr-cache.ts',
    ])
  })
})

describe('certificates of others', () => {
  // The client of the command line has no other: it looks at what its own CA issued to it.
  it('no library judges a certificate for the server (x509-limbo)', () => {
    expect(filesThat(/\bX509Certificate\b|checkIssued|\.authorized\b/)).toEqual([
      'cli/enrol/enrol.ts',
      'cli/enrol/exchange.ts',
      'cli/enrol/issued-identity.ts',
      'cli/enrol/trust-anchors.ts',
    ])
    expect(filesThat(/@peculiar\/x509/)).toEqual(['ca/encode-authority.ts'])
    expect(filesThat(/pkijs|node-forge|asn1js/)).toEqual([])
  })
})

describe('secrets are compared in constant time', () => {
  const holders = ['issuance/challenge.ts', 'issuance/join-token.ts']

  it('by digest, in these files and in no other way', () => {
    expect(filesThat(/\btimingSafeEqual\b/)).toEqual([...holders, 'issuance/renewal.ts'])
    for (const name of holders) {
      const text = sources.find((source) => source.name === name)!.text
      expect(text.match(/timingSafeEqual\(\s*sha256\(/g)).toHaveLength(1)
    }
    // Any other comparison with what is stored.
    const stored = String.raw`\b(secretSha256|challengePassword|nonce)\b`
    const compare = String.raw`(===|!==|\.equals\(|\.compare\()`
    const compared = new RegExp(String.raw`${stored}\s*${compare}|${compare}\s*[\w?.,\s]*${stored}`)
    const found = sources.flatMap(({ name, text }) =>
      text
        .split('\n')
        .filter((line) => compared.test(line) && !line.includes('challengePassword === undefined'))
        .map((line) => `${name}: ${line.trim()}`),
    )
    expect(found).toEqual([])
  })

  it('and looked up by id alone', () => {
    const statements = sources.flatMap(({ text }) => text.match(/(WHERE|AND)[^'`]*/g) ?? [])
    expect(statements.length).toBeGreaterThan(20)
    expect(statements.filter((where) => /(secret_sha256|nonce)\s*=/.test(where))).toEqual([])
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
