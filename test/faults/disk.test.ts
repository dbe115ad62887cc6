import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { misbehavingDisk } from '../support/toolchains.js'
import {
  clearImmutable,
  itMakesImmutable,
  itMounts,
  mount,
  setImmutable,
  unmount,
} from './privileges.js'
import { UnderLoad } from './under-load.js'

/** What a store that cannot write comes to: never a certificate, and a code that says try again. */
const UNAVAILABLE = ['HTTP 503 unavailable', 'gRPC 14']
const RECOVERS_MS = 3000

let disk = ''
beforeAll(() => {
  disk = misbehavingDisk()
})
afterAll(() => rmSync(disk, { force: true }))

/** A server on a disk that does what is written to the file `fault`. */
async function onDisk(): Promise<{ run: UnderLoad; fault: string }> {
  const run = await UnderLoad.founded({ logLevel: 'warn' })
  const fault = join(run.capstan.home, 'fault')
  await run.capstan.start({ env: { LD_PRELOAD: disk, CAPSTAN_DISK_FAULT: fault } })
  run.phase('before')
  run.load()
  await pause(1500)
  return { run, fault }
}

/** The fault is gone: it issues again, by itself, and nothing that anybody was given is missing. */
async function heals(run: UnderLoad, title: string): Promise<void> {
  expect(await run.recovered(20_000)).toBeLessThan(RECOVERS_MS)
  // Answers to what was asked before come with the first certificates.
  await pause(500)
  run.phase('after')
  await pause(1500)
  expect(await run.unready()).toEqual([])
  await run.finish()
  run.print(title)
  expect(run.issued('after')).toBeGreaterThan(0)
  expect(run.failures('after')).toEqual([])
  expect(run.lost()).toEqual([])
  expect(run.capstan.isRunning).toBe(true)
}

function onlyUnavailable(run: UnderLoad): void {
  expect(run.outcomes('fault').length).toBeGreaterThan(0)
  expect(run.outcomes('fault').filter((seen) => !UNAVAILABLE.includes(seen))).toEqual([])
}

describe('a disk', () => {
  it.each([
    { what: 'fails (EIO)', order: 'errno 5', says: 'SQLITE_IOERR' },
    { what: 'is read-only (EROFS)', order: 'errno 30', says: 'SQLITE_IOERR' },
    { what: 'is full (ENOSPC)', order: 'errno 28', says: 'SQLITE_FULL' },
  ])('that $what: nothing is issued, and clients are told to try again', async (given) => {
    const { run, fault } = await onDisk()
    await using _ = run
    writeFileSync(fault, given.order)
    // What was recorded before may still be answered.
    await pause(500)
    run.phase('fault')
    await pause(2500)
    expect((await run.unready()).join()).toMatch(new RegExp(`^store: .*${given.says}`))
    expect(await run.metric('capstan_unavailable_total', 'store')).toBeGreaterThan(0)
    run.phase('healing')
    rmSync(fault)
    await heals(run, `the disk ${given.what}`)
    onlyUnavailable(run)
    expect(run.capstan.log).toContain(given.says)
  })

  it('that is slow: everybody is answered, later', async () => {
    const { run, fault } = await onDisk()
    await using _ = run
    run.phase('fault')
    writeFileSync(fault, 'fsync-ms 200')
    await pause(4000)
    expect(await run.unready()).toEqual([])
    expect(await run.metric('capstan_ledger_lag_seconds')).toBeLessThan(2)
    run.phase('healing')
    rmSync(fault)
    await heals(run, 'the disk takes 200 ms for each fsync')
    expect(run.failures('fault')).toEqual([])
    expect(run.issued('fault')).toBeGreaterThan(20)
  })

  it('that hangs: the server is not ready after five seconds, and goes on where it was', async () => {
    const { run, fault } = await onDisk()
    await using _ = run
    run.phase('fault')
    writeFileSync(fault, 'fsync-ms 12000')
    await pause(9000)
    run.phase('healing')
    expect((await run.unready()).join()).toContain('a write takes longer than 5 s')
    expect(await run.metric('capstan_ledger_lag_seconds')).toBeGreaterThan(5)
    rmSync(fault)
    // The fsync under way takes its time still.
    await run.recovered(20_000)
    await heals(run, 'the disk hangs for 12 s')
    expect([...run.failures('fault'), ...run.failures('healing')]).toEqual([])
  })
})

/** Whether readiness says that the disk is full, within this time. */
async function saysFull(run: UnderLoad, withinMs: number): Promise<boolean> {
  for (let waited = 0; waited < withinMs; waited += 200) {
    if ((await run.unready()).join().includes('SQLITE_FULL')) return true
    await pause(200)
  }
  return false
}

describe('a small file system', () => {
  itMounts('that is full: nothing is issued until there is room again', async () => {
    const home = mkdtempSync(join(tmpdir(), 'capstan-full-'))
    mount(home)
    try {
      const run = await UnderLoad.founded({ home, logLevel: 'warn' })
      await using _ = run
      await run.capstan.start()
      run.phase('before')
      run.load()
      await pause(1500)
      const filler = join(home, 'filler')
      fill(filler)
      // Until what the write-ahead log still had room for is written.
      expect(await saysFull(run, 20_000)).toBe(true)
      await pause(1000)
      run.phase('fault')
      await pause(2500)
      for (let look = 0; look < 5; look += 1) {
        expect((await run.unready()).join()).toContain('SQLITE_FULL')
        await pause(500)
      }
      run.phase('healing')
      rmSync(filler)
      await heals(run, 'the file system is full')
      onlyUnavailable(run)
    } finally {
      unmount(home)
      rmSync(home, { recursive: true, force: true })
    }
  })

  itMakesImmutable('whose files are made immutable: as a read-only one', async () => {
    const run = await UnderLoad.founded({ logLevel: 'warn' })
    await using _ = run
    await run.capstan.start()
    run.phase('before')
    run.load()
    await pause(1500)
    const files = ['capstan.db', 'capstan.db-wal'].map((name) => join(run.capstan.data, name))
    setImmutable(files)
    try {
      await pause(500)
      run.phase('fault')
      await pause(2500)
      expect((await run.unready()).join()).toMatch(/^store: /)
    } finally {
      run.phase('healing')
      clearImmutable(files)
    }
    await heals(run, 'the store is immutable')
    onlyUnavailable(run)
  })
})

describe('a store', () => {
  it('that another process has locked: clients are told to try again, within ten seconds', async () => {
    const run = await UnderLoad.founded({ logLevel: 'warn' })
    await using _ = run
    await run.capstan.start()
    run.phase('before')
    run.load()
    await pause(1500)
    const lock = spawn('python3', ['-c', LOCKS, join(run.capstan.data, 'capstan.db')])
    const unlocked = new Promise((resolve) => lock.once('exit', resolve))
    await new Promise((resolve) => lock.stdout.once('data', resolve))
    await pause(200)
    run.phase('fault')
    await pause(9000)
    expect(await run.unready()).not.toEqual([])
    expect(await run.metric('capstan_unavailable_total', 'store')).toBeGreaterThan(0)
    run.phase('healing')
    await unlocked
    await heals(run, 'the store is locked for 15 s')
    onlyUnavailable(run)
    expect(run.slowest('fault')).toBeLessThan(13_000)
  })
})

/** Longer than the writer waits for another connection. */
const LOCKS = `
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute('PRAGMA busy_timeout = 10000')
database.execute('BEGIN EXCLUSIVE')
print('locked', flush=True)
time.sleep(15)
`

function fill(path: string): void {
  const file = openSync(path, 'w')
  try {
    for (;;) writeSync(file, Buffer.alloc(4096))
  } catch {
    // ENOSPC: there is no room left.
  } finally {
    closeSync(file)
  }
}
