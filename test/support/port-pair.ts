import type { MessagePort } from '../../src/compose/worker-channel.js'

/** Two ends of a connection within one process: what crosses is cloned, and arrives a turn later. */
export function portPair(): readonly [MessagePort, MessagePort] {
  const listeners: ((message: unknown) => void)[][] = [[], []]
  const end = (own: number, other: number): MessagePort => ({
    send(message) {
      const cloned: unknown = structuredClone(message)
      setImmediate(() => listeners[other]!.forEach((listener) => listener(cloned)))
    },
    onMessage: (listener) => void listeners[own]!.push(listener),
  })
  return [end(0, 1), end(1, 0)]
}
