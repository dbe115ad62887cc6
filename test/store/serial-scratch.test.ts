import { afterAll, describe, expect, it } from '@jest/globals'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DependencyError } from '../../src/core/dependency-error.js'
import type { SerialScratch } from '../../src/monitor/ports.js'
import { sqliteSerialScratch } from '../../src/store/sqlite/serial-scratch.js'
import { memorySerialScratch } from '../support/memory-serial-scratch.js'

const directory = mkdtempSync(join(tmpdir(), 'capstan-serials-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const path = join(directory, 'serials')

const made: readonly (readonly [string, () => SerialScratch])[] = [
  ['SQLite', () => sqliteSerialScratch(path)],
  ['in memory', memorySerialScratch],
]

describe.each(made)('serial numbers of one reading (%s)', (_, make) => {
  it('that stand twice are told with the first record that has them', () => {
    using scratch = make()
    const at = (serial: string, record: number) => ({ serial, record })
    expect(scratch.note([at('0a', 0), at('0b', 1), at('0a', 2)])).toEqual([
      { ...at('0a', 2), before: 0 },
    ])
    expect(scratch.note([at('0b', 3), at('0c', 4)])).toEqual([{ ...at('0b', 3), before: 1 }])
    expect(scratch.note([at('0b', 5)])).toEqual([{ ...at('0b', 5), before: 1 }])
  })

  it('are forgotten with it', () => {
    for (let round = 0; round < 2; round += 1) {
      using scratch = make()
      expect(scratch.note([{ serial: '0a', record: 0 }])).toEqual([])
    }
    expect(readdirSync(directory)).toEqual([])
  })
})

it('is a DependencyError where there is no room for them', () => {
  expect(() => sqliteSerialScratch(join(directory, 'nowhere', 'serials'))).toThrow(DependencyError)
})
