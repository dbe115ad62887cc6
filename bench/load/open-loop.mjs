import { setTimeout as pause } from 'node:timers/promises'

/**
 * Makes `count` calls, `perSecond` of them whether or not those before are answered: what many
 * callers do who know nothing of each other. A load process that cannot keep up makes them later,
 * and `offered` says how many a second it came to.
 *
 * Resolves once all are answered: latencies in milliseconds, 0 for each that failed, what failed how
 * often, and `drainMs` from the last call to the last answer.
 */
export async function openLoop({ count, perSecond, call }) {
  const latencies = new Float64Array(count)
  const failed = new Array(count)
  const start = performance.now()
  const one = async (index) => {
    const sentAt = performance.now()
    try {
      await call(index, index)
      latencies[index] = performance.now() - sentAt
    } catch (error) {
      failed[index] = error.message
    }
  }
  const calls = []
  while (calls.length < count) {
    const due = Math.min(count, Math.ceil(((performance.now() - start) / 1000) * perSecond))
    while (calls.length < due) calls.push(one(calls.length))
    await pause(1)
  }
  const sendingMs = performance.now() - start
  await Promise.all(calls)
  const wallMs = performance.now() - start
  return {
    wallMs,
    drainMs: wallMs - sendingMs,
    offered: count / (sendingMs / 1000),
    latencies,
    failed,
  }
}
