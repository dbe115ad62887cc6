import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { machineFacts } from './machine/facts.mjs'
import { Limit } from './machine/limit.mjs'
import { makeWorkFolder } from './machine/work-folder.mjs'
import { handshakeOf, headLines, progressLine, rowsTable, withShares } from './report.mjs'

const progress = (line) => process.stderr.write(`${line}\n`)

/**
 * Runs what the command line names, one after another, and prints it. A row kind is
 * `{name, run(context) -> rows}`; a section `{name, run(context) -> keys of the result, print}`.
 * One that fails is named at the end, in the exit code too, and does not keep the others from running.
 */
export async function runBench({ rowKinds, sections }) {
  const { values: options, positionals: prefixes } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      concurrency: { type: 'string', default: '1,16,128' },
      repeat: { type: 'string', default: '1' },
      folder: { type: 'string' },
      keep: { type: 'string' },
      entries: { type: 'string' },
      profile: { type: 'string' },
      workers: { type: 'string' },
    },
  })
  const all = [...rowKinds, ...sections]
  const wanted = all.filter(
    ({ name }) => prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix)),
  )
  if (wanted.length === 0) {
    const names = all.map(({ name }) => name).join(', ')
    throw new Error(`nothing is called ${prefixes.join(' or ')}; there are ${names}`)
  }
  const context = contextOf(options)
  const rows = []
  const more = {}
  const failed = []
  for (const each of wanted) {
    try {
      const made = await each.run(context)
      if (rowKinds.includes(each)) rows.push(...made)
      else Object.assign(more, made)
    } catch (error) {
      failed.push(each.name)
      progress(`${each.name} failed: ${error.stack}`)
    }
  }
  context.limit.sample()
  const result = resultOf(context, options, rows, more)
  print(
    result,
    sections.filter((section) => wanted.includes(section) && !failed.includes(section.name)),
  )
  if (options.json) writeFileSync(options.json, `${JSON.stringify(result, undefined, 2)}\n`)
  if (failed.length > 0) {
    console.log(`\nFailed, see above: ${failed.join(', ')}`)
    process.exitCode = 1
  }
}

function contextOf(options) {
  const work = makeWorkFolder(options.folder)
  process.once('exit', () => work.remove())
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  return {
    folder: work.path,
    keep: options.keep,
    entries: options.entries?.split(',').map(Number),
    limit: new Limit(),
    size: options.quick ? 'quick' : 'default',
    full: options.full,
    concurrencies: options.concurrency.split(',').map(Number),
    repeat: Number(options.repeat),
    workers: Number(options.workers ?? 1),
    server: {
      nodeOptions: options.profile ? ['--cpu-prof', `--cpu-prof-dir=${options.profile}`] : [],
      workers: options.workers,
    },
    progress,
    report: (row) => progress(progressLine(row)),
  }
}

const resultOf = ({ limit }, { workers }, rows, more) => ({
  machine: machineFacts(),
  node: process.version,
  limit: limit.value,
  ...(workers && { workers: Number(workers) }),
  rows: withShares(rows, limit),
  ...handshakeOf(rows),
  ...more,
})

function print(result, sections) {
  console.log(headLines(result))
  if (result.rows.length > 0) console.log(`\n${rowsTable(result)}`)
  for (const { name, print } of sections) console.log(`\n## ${name}\n\n${print(result)}`)
}
