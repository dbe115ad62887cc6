import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SqliteDatabase from 'better-sqlite3'
import { storePath } from '../../src/compose/found.js'
import { rebuildIndex } from '../../src/compose/rebuild-index.js'
import type { Config } from '../../src/config/config.js'
import { loadConfig } from '../../src/config/load-config.js'
import { DependencyError } from '../../src/core/dependency-error.js'
import { systemClock, systemRandom } from '../../src/system.js'
import { FakeClock } from '../support/fake-clock.js'
import { codeOf, Installation, valueOf } from './given-installation.js'

const rebuild = (config: Config) =>
  rebuildIndex(
    config,
    {
      ...{ env: {}, clock: systemClock, random: systemRandom, version: '0' },
      signal: new AbortController().signal,
    },
    () => undefined,
  )

describe('index tables that are damaged', () => {
  let given: Installation
  beforeEach(async () => {
    given = await Installation.founded(new FakeClock())
  })
  afterEach(() => given[Symbol.asyncDispose]())

  it('keep the server from starting, and are made again from the log', async () => {
    const { size, head } = given.instance.index.state
    await given.instance[Symbol.asyncDispose]()
    const database = new SqliteDatabase(storePath(given.config.dataDir))
    database.exec('UPDATE index_scopes SET digest = digest + 1')
    database.close()
    await expect(given.open()).rejects.toThrow(DependencyError)
    await expect(given.open()).rejects.toThrow('capstan index rebuild')
    expect(valueOf(await rebuild(given.config))).toEqual({ records: size, head })
    await given.open()
    expect(codeOf(await given.instance.index.verify())).toBeUndefined()
  })

  it('are left alone while a server runs, and where there is no CA', async () => {
    expect(codeOf(await rebuild(given.config))).toBe('namespace.exists')
    expect(codeOf(await given.instance.index.verify())).toBeUndefined()
    const home = mkdtempSync(join(tmpdir(), 'capstan-none-'))
    const { config } = valueOf(loadConfig({ env: {}, cwd: home, dataDir: join(home, 'data') }))
    expect(codeOf(await rebuild(config))).toBe('namespace.unknown')
    rmSync(home, { recursive: true, force: true })
  })
})
