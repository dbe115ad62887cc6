import { afterAll, describe, expect, it } from '@jest/globals'
import SqliteDatabase from 'better-sqlite3'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DependencyError } from '../../src/core/dependency-error.js'
import { unixSeconds } from '../../src/core/time.js'
import {
  createWitnessStore,
  openWitnessStore,
  type OwnWitnessStore,
} from '../../src/store/open-witness-store.js'
import { witnessStoreContract } from '../contract/witness-store.contract.js'

const directory = mkdtempSync(join(tmpdir(), 'capstan-witness-'))
const opened: OwnWitnessStore[] = []
let files = 0
const vkey = 'w.example+00000000+AAAA'
function newPath(): string {
  const path = join(directory, `${(files += 1)}.db`)
  expect(createWitnessStore(path, vkey).ok).toBe(true)
  return path
}
function open(path: string): OwnWitnessStore {
  const store = openWitnessStore(path, vkey)
  if (!store.ok) throw new Error(store.refusal.code)
  opened.push(store.value)
  return store.value
}
const refusalOf = (path: string, key = vkey): string => {
  const store = openWitnessStore(path, key)
  if (!store.ok) return `${store.refusal.code}: ${store.refusal.found ?? ''}`
  store.value[Symbol.dispose]()
  return 'ok'
}
afterAll(() => {
  for (const store of opened) store[Symbol.dispose]()
  rmSync(directory, { recursive: true, force: true })
})

witnessStoreContract('SQLite', () => {
  const path = newPath()
  const store = open(path)
  return Promise.resolve({ store, reopen: () => Promise.resolve(open(path)) })
})

const head = (size: number) => ({
  ...{ size, root: Buffer.alloc(32, size), at: unixSeconds(1_700_000_000), note: 'n\n' },
})

describe('the file of a witness', () => {
  it('decides beside what another connection has recorded meanwhile', async () => {
    const path = newPath()
    const [one, other] = [open(path), open(path)]
    await one.checkAndStore('a', () => ({ kind: 'cosign', head: head(3) }))
    let found = 0
    await other.checkAndStore('a', (recorded) => {
      found = recorded?.size ?? 0
      return { kind: 'cosign', head: head(4) }
    })
    expect(found).toBe(3)
    expect((await one.latest('a'))?.size).toBe(4)
  })

  it('rejects as a dependency where it cannot be written, and has then recorded nothing', async () => {
    const path = newPath()
    const store = open(path)
    await store.checkAndStore('a', () => ({ kind: 'cosign', head: head(3) }))
    store[Symbol.dispose]()
    const failed = store.checkAndStore('a', () => ({ kind: 'cosign', head: head(4) }))
    await expect(failed).rejects.toBeInstanceOf(DependencyError)
    expect((await open(path).latest('a'))?.size).toBe(3)
  })

  it('of a newer program is not opened', () => {
    const path = newPath()
    open(path)
    const database = new SqliteDatabase(path)
    database.pragma('user_version = 99')
    database.close()
    expect(() => openWitnessStore(path, vkey)).toThrow(DependencyError)
  })

  it('attack 93: is not made by whoever wants to read it, for an empty memory signs any history', () => {
    const path = newPath()
    for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
    expect(refusalOf(path)).toBe('tlog.memory-gone: no such file')
    expect(existsSync(path)).toBe(false)
    writeFileSync(path, '')
    expect(refusalOf(path)).toBe('tlog.memory-gone: a file that is of no key')
  })

  it('attack 93: is of one key, and is not opened with another', () => {
    const path = newPath()
    expect(refusalOf(path, 'v.example+00000000+BBBB')).toBe(`tlog.memory-gone: that of ${vkey}`)
    expect(refusalOf(path)).toBe('ok')
  })

  it('is made again only where nothing was cosigned out of it', async () => {
    const path = newPath()
    const other = 'v.example+00000000+BBBB'
    expect(createWitnessStore(path, other).ok).toBe(true)
    expect(createWitnessStore(path, vkey).ok).toBe(true)
    await open(path).checkAndStore('a', () => ({ kind: 'cosign', head: head(3) }))
    const made = createWitnessStore(path, other)
    expect(!made.ok && made.refusal.code).toBe('namespace.exists')
    expect(refusalOf(path)).toBe('ok')
  })
})
