import { describe, expect, it } from '@jest/globals'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const text = read('docs/invariants.md')

interface Row {
  readonly number: number
  readonly tests: readonly { readonly file: string; readonly name: string }[]
}

/** `| 1 | what holds | `file`: name; `file`: name |` */
const rows: readonly Row[] = text
  .split('\n')
  .filter((line) => /^\| *\d+ *\|/.test(line))
  .map((line) => {
    const [number = '', , ...rest] = line.slice(1, -1).split('|')
    const tests = rest
      .join('|')
      .split(/; (?=`test\/)/)
      .map((proof) => {
        const [, file = '', name = ''] = /`(test\/[^`]+)`: (.*)/.exec(proof.trim()) ?? []
        return { file, name: name.trim() }
      })
    return { number: Number(number), tests }
  })

/** What is not here yet, as the page says. */
const absent = [15, 16, 24, 31, 32, 33, 34]

describe('docs/invariants.md', () => {
  it('has a row for each of 1 to 36, but for what is not here yet', () => {
    const wanted = Array.from({ length: 36 }, (_, at) => at + 1)
    expect(rows.map(({ number }) => number)).toEqual(
      wanted.filter((number) => !absent.includes(number)),
    )
  })

  it('names tests that there are', () => {
    const proofs = rows.flatMap(({ number, tests }) => tests.map((test) => ({ number, ...test })))
    const missing = proofs.filter(
      ({ file, name }) => name === '' || !existsSync(join(root, file)) || !isIn(read(file), name),
    )
    expect(missing.map(({ number, file, name }) => `${number}: ${file}: ${name}`)).toEqual([])
  })
})

/** As the file writes it, after a quote: the whole name, or its beginning. */
const isIn = (source: string, name: string): boolean =>
  [`'${name}`, `"${name}`, `\`${name}`].some((written) => source.includes(written))
