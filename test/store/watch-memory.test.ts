import { afterAll, describe, expect, it } from '@jest/globals'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DependencyError } from '../../src/core/dependency-error.js'
import { openWatchMemory, type OwnWatchMemory } from '../../src/store/open-watch-memory.js'
import { watchMemoryContract } from '../contract/watch-memory.contract.js'
import { MemoryWatchMemory } from '../support/memory-watch-memory.js'

const directory = mkdtempSync(join(tmpdir(), 'capstan-watch-'))
const opened: OwnWatchMemory[] = []
let files = 0
const open = (path: string): OwnWatchMemory => {
  const memory = openWatchMemory(path)
  opened.push(memory)
  return memory
}
afterAll(() => {
  for (const memory of opened) memory[Symbol.dispose]()
  rmSync(directory, { recursive: true, force: true })
})

watchMemoryContract('SQLite', () => {
  const path = join(directory, `${(files += 1)}.db`)
  return Promise.resolve({ memory: open(path), reopen: () => Promise.resolve(open(path)) })
})
watchMemoryContract('in memory', () => {
  const memory = new MemoryWatchMemory()
  return Promise.resolve({ memory, reopen: () => Promise.resolve(memory) })
})

describe('the memory of a monitor', () => {
  it('has tables beside it for as long as they are used', async () => {
    const memory = open(join(directory, 'scratch.db'))
    {
      await using one = memory.scratch()
      await using other = memory.scratch()
      expect([one.state.meta.size, other.state.meta.size]).toEqual([0, 0])
    }
  })

  it('is not what is no database', () => {
    const path = join(directory, 'text.db')
    writeFileSync(path, 'not a database, and longer than a header of one\n'.repeat(10))
    expect(() => openWatchMemory(path)).toThrow(DependencyError)
  })
})
