import { describe, expect, it } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  csrAlgorithmDifferences,
  csrDifferences,
  mbedDifferences,
} from './csr/vector-differences.js'
import { encoderDifferences } from './support/encoder-differences.js'
import {
  acceptable,
  csrSignatureDifferences,
  tokenDifferences,
} from './support/wycheproof-differences.js'

/** docs/vectors.md says in tables what the tests hold as data. */
const text = readFileSync(join(import.meta.dirname, '../docs/vectors.md'), 'utf8')

const code = (name: string): string => `\`${name}\``
const filesOf = ({ files, why }: { readonly files: readonly string[]; readonly why: string }) =>
  row(files.map(code).join(', '), why)
const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const wanted = [
  row('oracle', 'where it differs', 'why'),
  ...Object.values(encoderDifferences).map(({ oracle, where, why }) => row(oracle, where, why)),
  row('taken by cryptography 43, refused here', 'why'),
  ...csrDifferences.map(filesOf),
  row('file', 'why'),
  ...csrAlgorithmDifferences.map(filesOf),
  row('case', 'why'),
  ...Object.entries(mbedDifferences).map(([name, why]) => row(name, why)),
  row('file', 'cases', 'why not as published'),
  ...csrSignatureDifferences.map(({ file, cases, why }) =>
    row(`${code(file)}, CSRs`, cases.join(', '), why),
  ),
  row(code('rsa_signature_*'), acceptable.cases.join(', '), acceptable.why),
  ...tokenDifferences.map(({ file, cases, why }) =>
    row(`${code(file)}, tokens`, cases.join(', '), why),
  ),
]

describe('docs/vectors.md', () => {
  it('has the rows that the tests have, and no others', () => {
    const rows = text
      .split('\n')
      .filter((line) => line.startsWith('|') && !line.startsWith('| -'))
      .map((line) => line.replaceAll(/ +/g, ' '))
    expect(rows).toEqual(wanted)
  })
})
