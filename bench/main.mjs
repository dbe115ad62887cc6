// npm run bench [-- ROW-NAME-PREFIX...] [--json FILE] [--quick]
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { machineFacts } from './machine/facts.mjs'
import { Limit } from './machine/limit.mjs'
import { makeWorkFolder } from './machine/work-folder.mjs'
import { progressLine, rowsTable, withShares } from './report.mjs'
import { certifyFirst, certifyRenew } from './rows/certify.mjs'
import { coldStart, handshake, steadyState } from './rows/connections.mjs'
import { httpRenew, httpToken } from './rows/http.mjs'
import { certifyTokenReview } from './rows/token-review.mjs'

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

const { values: options, positionals: prefixes } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    quick: { type: 'boolean', default: false },
    concurrency: { type: 'string', default: '1,16,128' },
    folder: { type: 'string' },
    profile: { type: 'string' },
  },
})

const wanted = ({ name }) =>
  prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix))

const work = makeWorkFolder(options.folder)
process.once('exit', () => work.remove())
process.once('SIGINT', () => process.exit(130))
const limit = new Limit()
const context = {
  folder: work.path,
  limit,
  nodeOptions: options.profile ? ['--cpu-prof', `--cpu-prof-dir=${options.profile}`] : [],
  size: options.quick ? 'quick' : 'full',
  concurrencies: options.concurrency.split(',').map(Number),
  report: (row) => process.stderr.write(`${progressLine(row)}\n`),
}
const rows = []
for (const kind of rowKinds.filter(wanted)) rows.push(...(await kind.run(context)))
limit.sample()

const machine = machineFacts()
const result = { machine, node: process.version, limit: limit.value, rows: withShares(rows, limit) }
console.log(rowsTable(result))
if (options.json) writeFileSync(options.json, `${JSON.stringify(result, undefined, 2)}\n`)
