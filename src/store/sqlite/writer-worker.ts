import { parentPort, workerData } from 'node:worker_threads'
import type { Command, Outcome } from './commands.js'
import { openForWriting } from './open-database.js'
import { Writer } from './writer.js'

/** What the writer's thread answers to one batch. */
export type BatchReply =
  | { readonly ok: true; readonly outcomes: readonly Outcome[] }
  | { readonly ok: false; readonly code: string; readonly message: string }

/** The writer in a thread of its own: an fsync here does not hold up the event loop there. */
if (parentPort) {
  const { path } = workerData as { readonly path: string }
  const port = parentPort
  const database = openForWriting(path)
  const writer = new Writer(database)
  port.on('message', (batch: readonly Command[] | 'close') => {
    if (batch === 'close') {
      database.close()
      port.close()
      return
    }
    port.postMessage(attempt(() => writer.commit(batch)))
  })
}

function attempt(commit: () => readonly Outcome[]): BatchReply {
  try {
    return { ok: true, outcomes: commit() }
  } catch (error) {
    const failure = error as { readonly code?: string; readonly message?: string }
    return { ok: false, code: failure.code ?? 'unknown', message: failure.message ?? 'unknown' }
  }
}
