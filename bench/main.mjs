// npm run bench [-- NAME-PREFIX...] [--json FILE] [--quick | --full]: see README.md.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { machineFacts } from './machine/facts.mjs'
import { Limit } from './machine/limit.mjs'
import { makeWorkFolder } from './machine/work-folder.mjs'
import { handshakeOf, headLines, progressLine, rowsTable, withShares } from './report.mjs'
import { certifyFirst, certifyRenew } from './rows/certify.mjs'
import { coldStart, handshake, steadyState } from './rows/connections.mjs'
import { httpRenew, httpToken } from './rows/http.mjs'
import { certifyTokenReview } from './rows/token-review.mjs'
import { growth } from './sections/growth.mjs'
import { memory } from './sections/memory.mjs'
import { stages } from './sections/stages.mjs'
import { start } from './sections/start.mjs'

const rowKinds = [
  certifyFirst,
  certifyRenew,
  certifyTokenReview,
  httpToken,
  httpRenew,
  handshake,
  coldStart,
  steadyState,
]

const sections = [stages, growth, start, memory]

const { values: options, positionals: prefixes } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    concurrency: { type: 'string', default: '1,16,128' },
    folder: { type: 'string' },
    profile: { type: 'string' },
    workers: { type: 'string' },
  },
})

const wanted = ({ name }) =>
  prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix))
if (![...rowKinds, ...sections].some(wanted)) {
  const names = [...rowKinds, ...sections].map(({ name }) => name)
  throw new Error(`nothing is called ${prefixes.join(' or ')}; there are ${names.join(', ')}`)
}

const work = makeWorkFolder(options.folder)
process.once('exit', () => work.remove())
process.once('SIGINT', () => process.exit(130))
const limit = new Limit()
const progress = (line) => process.stderr.write(`${line}\n`)
const context = {
  folder: work.path,
  limit,
  size: options.quick ? 'quick' : 'default',
  full: options.full,
  concurrencies: options.concurrency.split(',').map(Number),
  server: {
    nodeOptions: options.profile ? ['--cpu-prof', `--cpu-prof-dir=${options.profile}`] : [],
    workers: options.workers,
  },
  progress,
  report: (row) => progress(progressLine(row)),
}

const rows = []
for (const kind of rowKinds.filter(wanted)) rows.push(...(await kind.run(context)))
const more = {}
for (const section of sections.filter(wanted)) Object.assign(more, await section.run(context))
limit.sample()

const result = {
  machine: machineFacts(),
  node: process.version,
  limit: limit.value,
  ...(options.workers && { workers: Number(options.workers) }),
  rows: withShares(rows, limit),
  ...handshakeOf(rows),
  ...more,
}
console.log(headLines(result))
if (rows.length > 0) console.log(`\n${rowsTable(result)}`)
for (const { name, print } of sections.filter(wanted))
  console.log(`\n## ${name}\n\n${print(result)}`)
if (options.json) writeFileSync(options.json, `${JSON.stringify(result, undefined, 2)}\n`)
