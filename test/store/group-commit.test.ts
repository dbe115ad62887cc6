import { afterAll, describe, expect, it } from '@jest/globals'
import type { SerialNumber } from '../../src/core/serial.js'
import { DependencyError } from '../../src/core/dependency-error.js'
import type { Command } from '../../src/store/sqlite/commands.js'
import { type BatchWriter, inlineWriter, WriteQueue } from '../../src/store/sqlite/write-queue.js'
import { SqliteIndexStore } from '../../src/store/sqlite/index-store.js'
import { leaf, record } from '../contract/given-store.js'
import { append as appendRecords } from '../contract/given-tables.js'
import { SqliteStores } from '../support/sqlite-stores.js'

const stores = new SqliteStores()
afterAll(() => stores[Symbol.asyncDispose]())

/** The real writer; it notes what each commit carries, and may be held up like a slow disk. */
class WatchedWriter implements BatchWriter {
  readonly commits: number[] = []
  private readonly writer: BatchWriter
  private held: Promise<void> = Promise.resolve()
  private release: () => void = () => undefined

  constructor(path: string) {
    this.writer = inlineWriter(path)
  }

  hold(): void {
    this.held = new Promise((resolve) => {
      this.release = resolve
    })
  }

  letGo(): void {
    this.release()
  }

  /** What is held up now, and not what comes next. */
  letGoAndHold(): void {
    const release = this.release
    this.hold()
    release()
  }

  async commit(batch: readonly Command[]): ReturnType<BatchWriter['commit']> {
    this.commits.push(batch.length)
    await this.held
    return this.writer.commit(batch)
  }

  close(): Promise<void> {
    return this.writer.close()
  }
}

async function givenQueue(): Promise<{
  writer: WatchedWriter
  queue: WriteQueue
  path: string
  clock: { ms: number }
}> {
  const path = stores.newPath()
  await stores.open(path)[Symbol.asyncDispose]()
  const writer = new WatchedWriter(path)
  const clock = { ms: 0 }
  const queue = new WriteQueue(writer, () => clock.ms)
  stores.keep({ [Symbol.asyncDispose]: () => queue.close() })
  return { writer, queue, path, clock }
}

const append = (serial?: SerialNumber): Command => ({
  op: 'append',
  entry: leaf(serial === undefined ? {} : { serial }),
  spends: [],
})
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await turnOfTheLoop()
}
const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('group commit', () => {
  it('takes 200 appends of one moment to the disk in one commit', async () => {
    const { writer, queue } = await givenQueue()
    const outcomes = await Promise.all(Array.from({ length: 200 }, () => queue.submit(append())))
    expect(outcomes).toEqual(Array.from({ length: 200 }, () => ({ kind: 'done', count: 1 })))
    expect(writer.commits).toEqual([200])
  })

  it('commits a lone append at once', async () => {
    const { writer, queue } = await givenQueue()
    await queue.submit(append())
    await queue.submit(append())
    expect(writer.commits).toEqual([1, 1])
  })

  it('gathers as long as each turn of the event loop brings more, and no more than enough', async () => {
    const { writer, queue } = await givenQueue()
    const submitted: ReturnType<WriteQueue['submit']>[] = []
    const turns = async (count: number): Promise<void> => {
      for (let turn = 0; turn < count; turn += 1) {
        for (let at = 0; at < 8; at += 1) submitted.push(queue.submit(append()))
        await turnOfTheLoop()
      }
    }
    await turns(4)
    await Promise.all(submitted)
    expect(writer.commits).toEqual([32])
    writer.hold()
    await turns(16)
    expect(writer.commits[1]).toBeLessThanOrEqual(72)
    writer.letGo()
    await Promise.all(submitted)
  })

  it('gathers for a few milliseconds at most, where turns of the event loop take long', async () => {
    const { writer, queue, clock } = await givenQueue()
    const submitted: ReturnType<WriteQueue['submit']>[] = []
    for (let turn = 0; turn < 6; turn += 1) {
      for (let at = 0; at < 8; at += 1) submitted.push(queue.submit(append()))
      clock.ms += 8
      await turnOfTheLoop()
    }
    await Promise.all(submitted)
    expect(Math.max(...writer.commits)).toBeLessThanOrEqual(3 * 8)
    expect(writer.commits.reduce((sum, one) => sum + one)).toBe(48)
  })

  it('gathers whatever comes while a commit is under way into the next, and tells how much waits', async () => {
    const { writer, queue, clock } = await givenQueue()
    expect([queue.depth, queue.lagSeconds]).toEqual([0, 0])
    writer.hold()
    const submitted = [queue.submit(append())]
    await turnOfTheLoop()
    for (let count = 0; count < 20; count += 1) {
      submitted.push(queue.submit(append()))
      await turnOfTheLoop()
    }
    clock.ms += 500
    expect(queue.depth).toBe(20)
    expect(queue.lagSeconds).toBe(0.5)
    writer.letGo()
    await Promise.all(submitted)
    expect(writer.commits).toEqual([1, 20])
    expect(queue.depth).toBe(0)
    await turnOfTheLoop()
    expect(queue.lagSeconds).toBe(0)
  })

  it('bounds one commit, so that its first caller does not wait for ever', async () => {
    const { writer, queue } = await givenQueue()
    await Promise.all(Array.from({ length: 1100 }, () => queue.submit({ op: 'probe' })))
    expect(writer.commits).toEqual([512, 512, 76])
  })

  it('turns away what comes when too much waits, and serves the rest', async () => {
    const { queue } = await givenQueue()
    const submitted = Array.from({ length: 10_003 }, () => queue.submit({ op: 'probe' }))
    const settled = await Promise.allSettled(submitted)
    const turnedAway = settled.filter(({ status }) => status === 'rejected')
    expect(turnedAway).toHaveLength(3)
    expect(turnedAway[0]).toMatchObject({ reason: { name: 'DependencyError' } })
  })

  it('undoes one command of a commit alone', async () => {
    const { writer, queue } = await givenQueue()
    const one = leaf()
    const outcomes = await Promise.all([
      queue.submit(append(one.serial)),
      queue.submit(append(one.serial)),
      queue.submit({ op: 'append', entry: leaf(), spends: [{ kind: 'challenge', id: 'no' }] }),
      queue.submit(append()),
    ])
    expect(outcomes.map(({ kind }) => kind)).toEqual(['done', 'failed', 'spent', 'done'])
    expect(writer.commits).toEqual([4])
  })

  it('answers what it has accepted before it closes, and takes nothing after', async () => {
    const { queue } = await givenQueue()
    const accepted = Array.from({ length: 600 }, () => queue.submit({ op: 'probe' }))
    await queue.close()
    expect(await Promise.all(accepted)).toHaveLength(600)
    await expect(queue.submit({ op: 'probe' })).rejects.toThrow(DependencyError)
    await expect(queue.close()).resolves.toBeUndefined()
  })
})

describe('the tree of a log that is being written', () => {
  it('has its checkpoint once that is kept, though an append began before and is not done', async () => {
    const { writer, queue, path } = await givenQueue()
    const index = new SqliteIndexStore(path, queue)
    stores.keep({
      [Symbol.asyncDispose]: () => {
        index.close()
        return Promise.resolve()
      },
    })
    await appendRecords(index, 0, [record(0)])
    const head = await index.tree.head()
    writer.hold()
    const kept = index.tree.keepCheckpoint({ ...head, note: 'kept' })
    await until(() => writer.commits.length === 2)
    // It begins to look at the tables as they are, before the checkpoint is there.
    const appending = appendRecords(index, 1, [record(1)])
    await until(() => queue.depth === 1)
    writer.letGoAndHold()
    expect(await kept).toBe(true)
    await until(() => writer.commits.length === 3)
    expect((await index.tree.checkpoint())?.size).toBe(1)
    writer.letGo()
    expect(await appending).toBe(true)
    expect((await index.tree.head()).size).toBe(2)
  })
})
