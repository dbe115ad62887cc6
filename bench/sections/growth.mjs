import { mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { openStore } from '../../dist/store/open-store.js'
import { makeAuthority, opened, unixNow } from '../capstan/authority.mjs'
import { quantile } from '../statistics.mjs'
import { markdownTable, threeFigures } from '../table.mjs'
import { fillLedger } from './fill-ledger.mjs'
import { ledgerEntry } from './ledger-entry.mjs'

const SIZES = {
  quick: [10_000, 100_000],
  default: [10_000, 100_000, 1_000_000],
  full: [10_000, 100_000, 1_000_000, 10_000_000],
}
const GROUPS = [1, 16, 128]
const APPENDS = {
  quick: { 1: 500, 16: 3000, 128: 10_000 },
  default: { 1: 2000, 16: 16_000, 128: 50_000 },
}
const WARM_UP = 1000
/** Days that the rows are spread over: what 30 days of retention keep, and everything in one. */
const LAYOUTS = { retention: 31, 'one day': 1 }

/**
 * What a durable append costs as the ledger grows, and what a record takes on the disk. The ledger is
 * filled through the same writer and tables, in large transactions.
 */
export const growth = {
  name: 'growth',
  async run(context) {
    const rows = []
    for (const [layout, days] of Object.entries(LAYOUTS)) {
      rows.push(...(await grown(context, layout, days)))
    }
    return { growth: rows }
  },
  print: ({ growth: rows }) =>
    markdownTable(
      [
        ['rows', (row) => row.rows],
        ['spread over', (row) => row.layout],
        ['octets a row', (row) => threeFigures(row.bytes_per_row)],
        ...GROUPS.flatMap((group) => [
          [`p50 ms at ${group}`, (row) => threeFigures(row.append[group].p50_ms)],
          [`p99 ms at ${group}`, (row) => threeFigures(row.append[group].p99_ms)],
          [`CPU us at ${group}`, (row) => threeFigures(row.append[group].cpu_us)],
        ]),
      ],
      rows,
    ),
}

async function grown({ folder, size, full, progress }, layout, days) {
  const home = join(folder, `growth-${days}`)
  mkdirSync(home)
  const path = join(home, 'capstan.db')
  const { issuer } = await makeAuthority()
  const rows = []
  let there = 0
  for (const wanted of SIZES[full ? 'full' : size]) {
    fillLedger(path, { from: there, to: wanted, days, issuer })
    const bytes_per_row = statSync(path).size / wanted
    const { append, appended } = await appends(path, issuer, APPENDS[size])
    there = wanted + appended
    rows.push({ rows: wanted, layout, bytes_per_row, append })
    progress(`growth: ${wanted} rows over ${days} days`)
  }
  rmSync(home, { recursive: true })
  return rows
}

async function appends(path, issuer, counts) {
  const store = openStore({ path, writer: 'thread' })
  const append = {}
  let appended = WARM_UP
  try {
    await appendAll(store.ledger, issuer, { group: 16, count: WARM_UP })
    for (const group of GROUPS) {
      append[group] = await appendAll(store.ledger, issuer, { group, count: counts[group] })
      appended += counts[group]
    }
  } finally {
    await store[Symbol.asyncDispose]()
  }
  return { append, appended }
}

/** `group` appenders, each recording one leaf after another. */
async function appendAll(ledger, issuer, { group, count }) {
  const latencies = new Float64Array(count)
  let next = 0
  const before = process.cpuUsage()
  async function appender() {
    while (next < count) {
      const at = next++
      const entry = ledgerEntry({ issuer, now: unixNow(), number: at })
      const start = performance.now()
      opened(await ledger.append(entry, []))
      latencies[at] = performance.now() - start
    }
  }
  await Promise.all(Array.from({ length: group }, appender))
  const { user, system } = process.cpuUsage(before)
  return {
    p50_ms: quantile(latencies, 0.5),
    p99_ms: quantile(latencies, 0.99),
    cpu_us: (user + system) / count,
  }
}
