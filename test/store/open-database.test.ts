import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import {
  openForReading,
  openForWriting,
  readingTogether,
} from '../../src/store/sqlite/open-database.js'

describe('opening for writing', () => {
  it('refuses a database that takes no WAL mode, such as one in memory', () => {
    expect(() => openForWriting(':memory:')).toThrow('is not in WAL mode: memory')
  })
})

describe('reading together', () => {
  let directory: string
  let writer: Database
  let reader: Database
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'capstan-read-'))
    const path = join(directory, 'a.db')
    writer = openForWriting(path)
    writer.exec('CREATE TABLE given (n INTEGER)')
    reader = openForReading(path)
  })
  afterEach(() => {
    reader.close()
    writer.close()
    rmSync(directory, { recursive: true })
  })

  const write = (): unknown => writer.exec('INSERT INTO given VALUES (1)')
  const count = (): unknown => reader.prepare('SELECT count(*) FROM given').pluck().get()

  function countTwice(): readonly unknown[] {
    const before = count()
    write()
    return [before, count()]
  }

  it('sees one state, and what was written meanwhile the next time', async () => {
    expect(await readingTogether(reader, countTwice)).toEqual([0, 0])
    expect(await readingTogether(reader, countTwice)).toEqual([1, 1])
    expect(await readingTogether(reader, count)).toBe(2)
  })

  it('is over when a read fails, as a failure of the store', async () => {
    const failing = readingTogether(reader, () => reader.prepare('SELECT * FROM nothing').all())
    await expect(failing).rejects.toThrow(DependencyError)
    expect(reader.inTransaction).toBe(false)
    write()
    expect(await readingTogether(reader, count)).toBe(1)
  })

  it('refuses to read on once somebody has awaited: that would be another state', async () => {
    const later = readingTogether(reader, async () => Promise.resolve(count()))
    await expect(later).rejects.toThrow(DependencyError)
    expect(reader.inTransaction).toBe(false)
  })
})
