import { systemClock, systemRandom } from './system.js'
import { serveWorker } from './compose/serve-worker.js'

// Whoever stops a group of processes means the main one: it asks its workers to stop in order.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)

// Nobody but the main process starts this file. When that one goes, `node:cluster` ends this one.
if (process.send) {
  serveWorker({
    port: {
      send: (message) => void process.send?.(message, undefined, undefined, () => undefined),
      onMessage: (listener) => void process.on('message', listener),
    },
    clock: systemClock,
    random: systemRandom,
    end: () => process.disconnect(),
  })
}
