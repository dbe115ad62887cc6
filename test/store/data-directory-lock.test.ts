import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DependencyError } from '../../src/core/dependency-error.js'
import { lockDataDirectory } from '../../src/store/data-directory-lock.js'
import { builtModule } from '../support/built.js'
import { ModuleProcess } from '../support/module-process.js'

describe('the lock of a data directory', () => {
  let home: string
  let path: string

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'capstan-lock-'))
    path = join(home, 'data')
  })
  afterEach(() => rmSync(home, { recursive: true, force: true }))

  /** Says whether it got the lock, and holds it until it is killed. */
  const anotherProcess = (): ModuleProcess =>
    new ModuleProcess(`
      import { lockDataDirectory } from '${builtModule('store/data-directory-lock.js')}'
      const lock = lockDataDirectory(${JSON.stringify(path)})
      console.log(lock === undefined ? 'refused' : 'locked')
      process.stdin.resume()
    `)

  it('makes the directory, for its owner alone', () => {
    using lock = lockDataDirectory(join(path, 'deep'))
    expect(lock?.path).toBe(join(path, 'deep'))
    expect(statSync(join(path, 'deep')).mode & 0o777).toBe(0o700)
  })

  it('closes to others a directory that was open to them', () => {
    mkdirSync(path, { mode: 0o755 })
    using _lock = lockDataDirectory(path)
    expect(statSync(path).mode & 0o777).toBe(0o700)
  })

  it('is refused a second time in this process, again and again, until it is given back', () => {
    const first = lockDataDirectory(path)
    expect(first).toBeDefined()
    expect(lockDataDirectory(path)).toBeUndefined()
    expect(lockDataDirectory(path)).toBeUndefined()
    first?.[Symbol.dispose]()
    using second = lockDataDirectory(path)
    expect(second).toBeDefined()
    expect(lockDataDirectory(path)).toBeUndefined()
  })

  it('of one directory does not keep another', () => {
    using first = lockDataDirectory(path)
    using other = lockDataDirectory(join(home, 'other'))
    expect([first, other]).not.toContain(undefined)
  })

  it('is refused to another process, also after a refusal in this one (attack 20)', async () => {
    {
      using lock = lockDataDirectory(path)
      expect(lock).toBeDefined()
      expect(lockDataDirectory(path)).toBeUndefined()
      await using child = anotherProcess()
      expect(await child.line()).toBe('refused')
    }
    await using child = anotherProcess()
    expect(await child.line()).toBe('locked')
  })

  it('ends with its process, even when that is killed', async () => {
    await using child = anotherProcess()
    expect(await child.line()).toBe('locked')
    expect(lockDataDirectory(path)).toBeUndefined()
    await child.kill()
    using lock = lockDataDirectory(path)
    expect(lock).toBeDefined()
  })

  it('throws when it cannot tell: a damaged lock file, a file in place of the directory', () => {
    mkdirSync(path)
    writeFileSync(join(path, 'lock.db'), 'this is no database at all'.repeat(100))
    expect(() => lockDataDirectory(path)).toThrow(DependencyError)
    writeFileSync(join(home, 'file'), '')
    expect(() => lockDataDirectory(join(home, 'file'))).toThrow(DependencyError)
  })
})
