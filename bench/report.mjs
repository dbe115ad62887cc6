import { markdownTable, threeFigures } from './table.mjs'

/** Rows with their share of the limit, and of one bare handshake where they make one. */
export function withShares(rows, limit) {
  return rows.map((row) => {
    const bare = rows.find(
      ({ name, concurrency }) => name === 'handshake' && concurrency === row.concurrency,
    )
    const makesOne = row.name === 'cold-start' || row.name === 'steady-state'
    return {
      ...row,
      share: limit.total / row.cpu_us,
      ...(makesOne && bare && { handshakes: row.cpu_us / bare.cpu_us }),
    }
  })
}

const columns = [
  ['row', (row) => row.name],
  ['in flight', (row) => row.concurrency],
  ['requests', (row) => row.requests],
  ['failed', (row) => row.failed],
  ['per second', (row) => threeFigures(row.rate)],
  ['p50 ms', (row) => threeFigures(row.p50_ms)],
  ['p99 ms', (row) => threeFigures(row.p99_ms)],
  ['CPU us', (row) => threeFigures(row.cpu_us)],
  ['share of limit', (row) => `${(100 * row.share).toFixed(0)} %`],
  ['API server CPU us', (row) => threeFigures(row.apiserver_cpu_us)],
  ['handshakes', (row) => threeFigures(row.handshakes)],
  ['RSS MB', (row) => threeFigures(row.rss_mb)],
  ['load CPU us', (row) => threeFigures(row.load_cpu_us)],
]

export function rowsTable({ machine, node, limit, rows }) {
  const { sign_us, verify_us } = limit
  const used = columns.filter(([, value]) => rows.some((row) => value(row) !== undefined))
  return [
    `${machine.cores} x ${machine.cpu}, ${machine.memory_gib} GiB, ${machine.system}, Node ${node.slice(1)}, ${machine.openssl}`,
    `Limit: ${sign_us.toFixed(1)} us to sign + ${verify_us.toFixed(1)} us to verify = ${(sign_us + verify_us).toFixed(1)} us`,
    '',
    markdownTable(used, rows),
  ].join('\n')
}

/** One row as it comes, for whoever waits. */
export function progressLine({ name, concurrency, rate, p50_ms, p99_ms, cpu_us, rss_mb }) {
  const figures = [
    `${rate.toFixed(0)}/s`,
    `p50 ${p50_ms.toFixed(2)} ms`,
    `p99 ${p99_ms.toFixed(2)} ms`,
  ]
  return `${name} at ${concurrency}: ${figures.join(', ')}, ${cpu_us.toFixed(0)} us CPU, ${rss_mb.toFixed(0)} MB`
}
