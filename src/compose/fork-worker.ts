import cluster from 'node:cluster'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Forked } from './workers.js'

/** How long a worker may take to write its last lines once its channel is closed. */
const ENDING_MS = 1000

/**
 * Another process of this program, which listens on the same sockets as those before it. Nothing
 * of what it is for is in its arguments, and `hidden` variables are not in its environment: both
 * can be read in /proc.
 */
export function forkWorker(hidden: readonly string[]): Forked {
  // Every worker accepts for itself: the main process has no part in a connection.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  // Structured clone: bytes stay bytes.
  cluster.setupPrimary({ exec: workerFile(), args: [], serialization: 'advanced' })
  const worker = cluster.fork(Object.fromEntries(hidden.map((name) => [name, undefined])))
  // What comes before it listens is lost: `node:cluster` has taken the place of the first listener.
  const listening = new Promise<void>((resolve) => worker.once('message', () => resolve()))
  const exited = new Promise<string>((resolve) => {
    worker.once('exit', (code: number | null, signal: string | null) =>
      resolve(signal ?? `exit ${String(code)}`),
    )
    // One that could not be started has no process that could end.
    if (worker.process.pid === undefined) worker.once('error', (error) => resolve(error.message))
    else worker.on('error', () => undefined)
  })
  const kill = (): void => void worker.process.kill('SIGKILL')
  // Without its channel it can record nothing, and ends by itself: one that does not is in the way.
  worker.once('disconnect', () => {
    const late = setTimeout(kill, ENDING_MS)
    void exited.then(() => clearTimeout(late))
  })
  return {
    pid: worker.process.pid ?? 0,
    port: {
      // A message that is not taken any more is of no use to anybody: the exit follows.
      send: (message) => void listening.then(() => worker.send(message as object, () => undefined)),
      onMessage: (listener) => void worker.on('message', listener),
    },
    kill,
    exited,
  }
}

/** Above this file once built; tests run from the sources, and use the built one. */
function workerFile(): string {
  const beside = fileURLToPath(new URL('../issuing-worker.js', import.meta.url))
  if (existsSync(beside)) return beside
  return fileURLToPath(new URL('../../dist/issuing-worker.js', import.meta.url))
}
