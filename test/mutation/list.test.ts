import { describe, expect, it } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { survivorRows } from './document.js'
import { onOneLine, survivors } from './survivors/list.js'
import { targets } from './targets.js'

const root = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

describe('the list of mutants that survive', () => {
  it('names changes of what the source says', () => {
    const gone = Object.values(survivors)
      .flat()
      .filter(({ file, original }) => !onOneLine(read(join('src', file))).includes(original))
    expect(gone.map(({ file, original }) => `${file}: ${original}`)).toEqual([])
  })

  it('is of the targets whose survivors are explained, in their order', () => {
    const explained = targets.filter((target) => target.survivors !== 'counted')
    expect(Object.keys(survivors)).toEqual(explained.map(({ name }) => name))
  })
})

describe('docs/mutation.md', () => {
  it('explains what the list explains, and nothing else', () => {
    const [, explained = ''] = read('docs/mutation.md').split('## What survives')
    const rows = explained
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => line.replaceAll(/ +/g, ' '))
    expect(rows).toEqual(survivorRows())
  })
})
