import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Database } from 'better-sqlite3'
import { DependencyError } from '../../core/dependency-error.js'
import type { Command, Outcome } from './commands.js'
import { openForWriting, storeFailed } from './open-database.js'
import { Writer } from './writer.js'
import type { BatchReply } from './writer-worker.js'

/** Commands that wait for the commit under way; one more is turned away. */
const MAX_WAITING = 10_000
/** More than this in one commit would only make its first caller wait. */
const MAX_BATCH = 512
/** So many are committed without looking whether more are about to come. */
const ENOUGH = 64
/**
 * Nor is it looked for longer than so many milliseconds: under more load than can be served a turn of
 * the event loop brings a few and takes long, and what is already signed waits for none of that.
 */
const GATHER_MS = 10

interface Waiting {
  readonly command: Command
  /** Milliseconds of the process's own clock. */
  readonly since: number
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: unknown) => void
}

/** Commits one batch, durably. Throws when nothing of it was recorded. */
export interface BatchWriter {
  commit(batch: readonly Command[]): Promise<readonly Outcome[]>
  close(): Promise<void>
}

/**
 * Group commit: while one batch is on its way to the disk, whatever comes queues up for the next.
 * Nothing waits for a timer, and a lone command is committed at once.
 */
export class WriteQueue {
  private waiting: Waiting[] = []
  private committing: Promise<void> | undefined
  private closed = false
  private underWay: number | undefined
  private readonly writer: BatchWriter
  private readonly elapsed: () => number

  /** `elapsed`: milliseconds of a clock that never goes back. */
  constructor(writer: BatchWriter, elapsed = (): number => performance.now()) {
    this.writer = writer
    this.elapsed = elapsed
  }

  get depth(): number {
    return this.waiting.length
  }

  /** Age of the oldest command that is not yet on the disk. */
  get lagSeconds(): number {
    const oldest = this.underWay ?? this.waiting[0]?.since
    return oldest === undefined ? 0 : (this.elapsed() - oldest) / 1000
  }

  submit(command: Command): Promise<Outcome> {
    if (this.closed) return Promise.reject(new DependencyError('store', 'it is closed'))
    if (this.waiting.length >= MAX_WAITING) {
      return Promise.reject(new DependencyError('store', 'too many writes wait'))
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ command, since: this.elapsed(), resolve, reject })
      this.committing ??= this.drain()
    })
  }

  /** Accepts nothing more. Resolves when everything that was accepted is answered. */
  async stop(): Promise<void> {
    this.closed = true
    await this.committing
  }

  async close(): Promise<void> {
    await this.stop()
    await this.writer.close()
  }

  private async drain(): Promise<void> {
    while (this.waiting.length > 0) {
      await this.gather()
      const batch = this.waiting.splice(0, MAX_BATCH)
      this.underWay = batch[0]?.since
      try {
        const outcomes = await this.writer.commit(batch.map(({ command }) => command))
        for (const [position, { resolve, reject }] of batch.entries()) {
          const outcome = outcomes[position]
          if (outcome) resolve(outcome)
          else reject(new DependencyError('store', 'the writer lost an answer'))
        }
      } catch (error) {
        for (const { reject } of batch) reject(storeFailed('writing failed', error))
      }
    }
    this.underWay = undefined
    this.committing = undefined
  }

  /** As long as each turn of the event loop brings more, they share the commit: it costs what one does. */
  private async gather(): Promise<void> {
    const begun = this.elapsed()
    for (let seen = 0; seen < this.waiting.length && seen < ENOUGH;) {
      if (this.elapsed() - begun >= GATHER_MS) return
      seen = this.waiting.length
      await new Promise(setImmediate)
    }
  }
}

/** In this thread: for tests, and where a command makes a few writes and ends. */
export function inlineWriter(path: string): BatchWriter {
  const database = openForWriting(path)
  const writer = writerOf(database)
  return {
    commit: (batch) => {
      try {
        return Promise.resolve(writer.commit(batch))
      } catch (error) {
        return Promise.reject(storeFailed('writing failed', error))
      }
    },
    close: () => {
      database.close()
      return Promise.resolve()
    },
  }
}

function writerOf(database: Database): Writer {
  try {
    return new Writer(database)
  } catch (error) {
    database.close()
    throw storeFailed('the database is not as this program made it', error)
  }
}

/**
 * For new objects of the writer's thread, three halves of 4 MB. V8 doubles them when it sees fit, hours
 * after the start too, and what a batch leaves behind is a few hundred kilobytes.
 */
const YOUNG_MB = 12

/** In a thread of its own, which dies with the process. */
export function threadWriter(path: string): BatchWriter {
  const worker = new Worker(workerFile(), {
    workerData: { path },
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  })
  let pending:
    { resolve: (reply: BatchReply) => void; reject: (error: unknown) => void } | undefined
  let broken: unknown
  worker.on('message', (reply: BatchReply) => {
    const { resolve } = pending ?? {}
    pending = undefined
    resolve?.(reply)
  })
  const failed = (error: unknown): void => {
    broken ??= error
    pending?.reject(storeFailed('the writer has stopped', error))
    pending = undefined
  }
  worker.on('error', failed)
  const exited = new Promise<void>((resolve) => {
    worker.on('exit', () => {
      failed(new Error('it ended'))
      resolve()
    })
  })
  return {
    async commit(batch) {
      if (broken !== undefined) throw storeFailed('the writer has stopped', broken)
      const reply = await new Promise<BatchReply>((resolve, reject) => {
        pending = { resolve, reject }
        worker.postMessage(batch)
      })
      if (!reply.ok)
        throw new DependencyError('store', `writing failed (${reply.code})`, reply.message)
      return reply.outcomes
    },
    async close() {
      // A thread that has ended already takes no message, and has nothing to close.
      worker.postMessage('close')
      await exited
    },
  }
}

/** Beside this file once built; tests run from the sources, and use the built one. */
function workerFile(): string {
  const beside = fileURLToPath(new URL('./writer-worker.js', import.meta.url))
  if (existsSync(beside)) return beside
  return fileURLToPath(new URL('../../../dist/store/sqlite/writer-worker.js', import.meta.url))
}
