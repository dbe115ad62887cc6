import { quantile } from './statistics.mjs'

/**
 * Prepares a load, runs it against a server, and makes a row of it. `usage()` is the CPU time and
 * memory of every process of the server, read right before the first call and after the last answer.
 * Whatever was not answered with a certificate fails the row.
 */
export async function measureRow({ name, load, spec, usage }) {
  await load.prepare(spec)
  const before = usage()
  const { wallMs, latencies, failures, load_cpu_us } = await load.run()
  const after = usage()
  const { count, inFlight } = spec
  if (failures.length > 0 && !spec.countFailures) {
    const list = failures.map(([what, times]) => `${times} x ${what}`).join('; ')
    throw new Error(`${name} at ${inFlight} in flight: ${list.slice(0, 300)}`)
  }
  const failed = failures.reduce((sum, [, times]) => sum + times, 0)
  const answered = count - failed
  return {
    name,
    concurrency: inFlight,
    requests: count,
    failed,
    ...(failed > 0 && { failures }),
    rate: answered / (wallMs / 1000),
    p50_ms: quantile(latencies, 0.5),
    p99_ms: quantile(latencies, 0.99),
    cpu_us: (after.cpu_us - before.cpu_us) / answered,
    rss_mb: after.rss_mb,
    processes: after.processes,
    load_cpu_us,
  }
}
