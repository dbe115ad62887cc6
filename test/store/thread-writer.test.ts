import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { writeFileSync } from 'node:fs'
import { DependencyError } from '../../src/core/dependency-error.js'
import type { SerialNumber } from '../../src/core/serial.js'
import { days, plus } from '../../src/core/time.js'
import { threadWriter } from '../../src/store/sqlite/write-queue.js'
import { authoritiesContract } from '../contract/authorities.contract.js'
import { challengesContract } from '../contract/challenges.contract.js'
import { leaf } from '../contract/given-store.js'
import { indexStoreContract } from '../contract/index-store.contract.js'
import { issuanceLedgerContract } from '../contract/issuance-ledger.contract.js'
import { issuanceLogContract } from '../contract/issuance-log.contract.js'
import { joinTokensContract } from '../contract/join-tokens.contract.js'
import { builtModule } from '../support/built.js'
import { T0 } from '../support/fake-clock.js'
import { ModuleProcess } from '../support/module-process.js'
import { SqliteStores } from '../support/sqlite-stores.js'

// The thread runs compiled code: this suite tests the worker of the last `npm run build`.
const stores = new SqliteStores()
const open = stores.opener('thread')

beforeAll(() => void builtModule('store/sqlite/writer-worker.js'))
afterAll(() => stores[Symbol.asyncDispose]())

issuanceLedgerContract('SQLite, thread', open)
joinTokensContract('SQLite, thread', open)
challengesContract('SQLite, thread', open)
issuanceLogContract('SQLite, thread', open)
indexStoreContract('SQLite, thread', open)
authoritiesContract('SQLite, thread', open)

/** A process of its own around the built store, which prints what it is told to. */
const storeProcess = (path: string, body: string, shell?: string): ModuleProcess =>
  new ModuleProcess(
    `
      import { openStore } from '${builtModule('store/open-store.js')}'
      const store = openStore({ path: ${JSON.stringify(path)}, writer: 'thread' })
      ${body}
    `,
    shell,
  )

describe('the writer in a thread', () => {
  it('has on the disk whatever it said was recorded, when the process is killed', async () => {
    const path = stores.newPath()
    const pattern = JSON.stringify(leaf({ certificate: new Uint8Array(0) as never }))
    await using child = storeProcess(
      path,
      `
        const pattern = ${pattern}
        let count = 0
        const appendForEver = async () => {
          for (;;) {
            const serial = (count++).toString(16).padStart(32, '0')
            const certificate = Buffer.alloc(700, count)
            const { ok } = await store.ledger.append({ ...pattern, serial, certificate }, [])
            if (ok) console.log(serial)
          }
        }
        for (let n = 0; n < 16; n += 1) void appendForEver()
      `,
    )
    const told: string[] = []
    while (told.length < 500) told.push(await child.line())
    await child.kill()
    told.push(...(await child.rest()))
    const store = stores.open(path)
    const found = await Promise.all(told.map((each) => store.ledger.find(each as SerialNumber)))
    expect(told.filter((_, position) => found[position] === undefined)).toEqual([])
  })

  it('is not ready when the disk takes no more, and says what the disk said', async () => {
    const path = stores.newPath()
    await stores.open(path)[Symbol.asyncDispose]()
    // The limit on a file's size stands for a full disk: the write fails in the same place.
    await using child = storeProcess(
      path,
      `
        const error = await (async () => {
          for (let n = 0; n < 10_000; n += 1) await store.ledger.probe()
        })().catch((thrown) => thrown)
        console.log(error?.name, error?.message)
        await store[Symbol.asyncDispose]()
        console.log('closed')
      `,
      'ulimit -f 600',
    )
    expect(await child.line()).toMatch(
      /^DependencyError store: writing failed \(SQLITE_(FULL|IOERR_WRITE)\)$/,
    )
    expect(await child.line()).toBe('closed')
  })

  it('that cannot start rejects every commit, and closes', async () => {
    const path = stores.newPath()
    writeFileSync(path, 'this is no database at all'.repeat(100))
    const writer = threadWriter(path)
    await expect(writer.commit([{ op: 'probe' }])).rejects.toThrow(DependencyError)
    await expect(writer.commit([{ op: 'probe' }])).rejects.toThrow(DependencyError)
    await expect(writer.close()).resolves.toBeUndefined()
    await expect(writer.close()).resolves.toBeUndefined()
  })

  it('may prune while others read: they see the ledger before or after, never in between', async () => {
    const store = stores.open(stores.newPath(), 'thread')
    const kept = leaf({ notAfter: plus(T0, days(99)) })
    await store.ledger.append(kept, [])
    let pruning = true
    const readers = Array.from({ length: 4 }, async () => {
      while (pruning) {
        expect(await store.ledger.find(kept.serial)).toBeDefined()
        expect((await store.ledger.list({ limit: 100 })).length).toBeGreaterThan(0)
        await new Promise((resolve) => setImmediate(resolve))
      }
    })
    for (let round = 0; round < 50; round += 1) {
      const entries = [1, 2, 3].map((day) => leaf({ notAfter: plus(T0, days(day)) }))
      await Promise.all(entries.map((entry) => store.ledger.append(entry, [])))
      expect(await store.ledger.prune(plus(T0, days(9)))).toBe(3)
    }
    pruning = false
    await Promise.all(readers)
  })
})
