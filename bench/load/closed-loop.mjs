/**
 * Makes `count` calls, `inFlight` of them at any moment: each of so many callers makes the next call
 * when its last is answered. `call(index, caller)` rejects for a failure.
 *
 * Resolves to the wall time and every latency in milliseconds, and what failed how often.
 */
export async function closedLoop({ count, inFlight, call }) {
  const latencies = new Float64Array(count)
  const failures = new Map()
  let next = 0
  async function caller(number) {
    while (next < count) {
      const index = next++
      const start = performance.now()
      try {
        // Whoever closes a connection after the answer says when that came.
        const answeredAt = await call(index, number)
        latencies[index] = (answeredAt ?? performance.now()) - start
      } catch (error) {
        latencies[index] = performance.now() - start
        failures.set(error.message, (failures.get(error.message) ?? 0) + 1)
      }
    }
  }
  const start = performance.now()
  await Promise.all(Array.from({ length: Math.min(inFlight, count) }, (_, at) => caller(at)))
  return { wallMs: performance.now() - start, latencies, failures: [...failures] }
}
