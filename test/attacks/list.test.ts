import { describe, expect, it } from '@jest/globals'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tables } from './document.js'
import { attacks } from './list.js'

const root = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const all = attacks.flatMap((part) => part.attacks)
const proofs = all.flatMap((attack) => attack.proofs.map((proof) => ({ attack, proof })))

describe('the list of attacks', () => {
  it('names tests that there are, each by the number of what it stops', () => {
    const missing = proofs.filter(({ attack, proof }) => {
      if (!existsSync(join(root, proof.file))) return true
      const text = read(proof.file)
      const name = proof.written ?? proof.name
      const isNumbered = text.includes(attack.id) || attack.id === proof.name
      return !isNumbered || !text.includes(name)
    })
    expect(missing.map(({ attack, proof }) => `${attack.id}: ${proof.name}`)).toEqual([])
    expect(proofs.length).toBeGreaterThan(80)
  })

  it('takes away checks that there are', () => {
    const edits = proofs.flatMap(({ proof }) => proof.without)
    const wrong = edits.filter(({ file, find }) => read(file).split(find).length !== 2)
    expect(wrong.map(({ file, find }) => `${file}: ${find}`)).toEqual([])
  })
})

/** Written by write-document.ts. */
describe('docs/attacks.md', () => {
  it('has the rows of the list, and no others: npm run test:attacks sees each test fail', () => {
    const rows = read('docs/attacks.md')
      .split('\n')
      .filter((line) => line.startsWith('|') && !line.startsWith('| -'))
      .map((line) => line.replaceAll(/ +/g, ' '))
    expect(rows).toEqual(tables().flat())
  })
})
