import { markdownTable, threeFigures } from './table.mjs'

/** Rows with their share of the limit, and of one bare handshake where they make one. */
export function withShares(rows, limit) {
  const bare = handshakeCosts(rows)
  return rows.map((row) => {
    const handshake_us = MAKE_ONE.includes(row.name) ? bare.get(row.concurrency) : undefined
    return {
      ...row,
      share: limit.total / row.cpu_us,
      ...(handshake_us && { handshakes: row.cpu_us / handshake_us }),
    }
  })
}

/** Rows that make one TLS handshake for each certificate. */
const MAKE_ONE = ['empty-connection', 'cold-start', 'steady-state']

const handshakeCosts = (rows) =>
  new Map(
    rows
      .filter(({ name }) => name === 'handshake')
      .map(({ concurrency, cpu_us }) => [concurrency, cpu_us]),
  )

/** `{handshake: {concurrency: {cpu_us, cold-start, steady-state}}}`: the ratios in one place. */
export function handshakeOf(rows) {
  const costs = [...handshakeCosts(rows)].map(([concurrency, cpu_us]) => {
    const ratios = rows
      .filter((row) => MAKE_ONE.includes(row.name) && row.concurrency === concurrency)
      .map((row) => [row.name, row.cpu_us / cpu_us])
    return [concurrency, { cpu_us, ...Object.fromEntries(ratios) }]
  })
  return costs.length === 0 ? {} : { handshake: Object.fromEntries(costs) }
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

/** The machine and the limit, which every table below them refers to. */
export function headLines({ machine, node, limit: { sign_us, verify_us } }) {
  const { cores, cpu, memory_gib, system, openssl } = machine
  const total = sign_us + verify_us
  return [
    `${cores} x ${cpu}, ${memory_gib} GiB, ${system}, Node ${node.slice(1)}, ${openssl}`,
    `Limit: ${sign_us.toFixed(1)} us to sign + ${verify_us.toFixed(1)} us to verify = ${total.toFixed(1)} us`,
  ].join('\n')
}

export function rowsTable({ rows }) {
  const used = columns.filter(([, value]) => rows.some((row) => value(row) !== undefined))
  return markdownTable(used, rows)
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
