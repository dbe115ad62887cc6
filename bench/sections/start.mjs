import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { applyEntries } from '../capstan/apply-entries.mjs'
import { Capstan } from '../capstan/server.mjs'
import { median } from '../statistics.mjs'
import { markdownTable, threeFigures } from '../table.mjs'

const ENTRIES = {
  quick: [10_000],
  default: [10_000, 100_000],
  full: [10_000, 100_000, 1_000_000],
}
const STARTS = 3

/** From the start of `capstan serve` to its first yes on /ready, and what it then holds in memory. */
export const start = {
  name: 'start',
  async run({ folder, server, size, full, progress }) {
    const home = join(folder, 'start')
    mkdirSync(home)
    const capstan = await Capstan.founded(home, server)
    const rows = []
    let there = 0
    for (const entries of ENTRIES[full ? 'full' : size]) {
      await addEntries(capstan, { from: there, to: entries, progress })
      there = entries
      rows.push({ entries, ...(await starts(capstan)), store_mb: storeMegabytes(capstan) })
      progress(`start: ${entries} entries`)
    }
    return { start: rows }
  },
  print: ({ start: rows }) =>
    markdownTable(
      [
        ['entries', ({ entries }) => entries],
        ['ready after s', ({ ready_s }) => threeFigures(ready_s)],
        ['CPU s', ({ cpu_s }) => threeFigures(cpu_s)],
        ['RSS MB', ({ rss_mb }) => threeFigures(rss_mb)],
        ['store MB', ({ store_mb }) => threeFigures(store_mb)],
      ],
      rows,
    ),
}

/** Through the running server, as an operator would. */
async function addEntries(capstan, { from, to, progress }) {
  await capstan.start()
  try {
    applyEntries(capstan, {
      first: from,
      count: to - from,
      how: { validation: 'offline', jwks: { file: join(capstan.folder, 'jwks.json') } },
      progress: (there) => progress(`start: ${there} entries applied`),
    })
  } finally {
    await capstan.stop()
  }
}

async function starts(capstan) {
  const seen = []
  for (let round = 0; round < STARTS; round += 1) {
    const ready_s = (await capstan.start()) / 1000
    const { cpu_us, rss_mb } = capstan.usage()
    seen.push({ ready_s, cpu_s: cpu_us / 1e6, rss_mb })
    await capstan.stop()
  }
  const middle = (key) => median(seen.map((one) => one[key]))
  return { ready_s: middle('ready_s'), cpu_s: middle('cpu_s'), rss_mb: middle('rss_mb') }
}

const storeMegabytes = ({ folder }) => statSync(join(folder, 'data/capstan.db')).size / 1e6
