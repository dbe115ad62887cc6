import { writeFileSync } from 'node:fs'
import { Limit } from './machine/limit.mjs'
import { makeWorkFolder } from './machine/work-folder.mjs'
import { BadOptions, readOptions, usage } from './options.mjs'
import { headLines, progressLine, rowsTable } from './report.mjs'
import { resultOf } from './result.mjs'

const progress = (line) => process.stderr.write(`${line}\n`)

/**
 * Runs what the command line names, one after another, and prints it. A row kind is
 * `{name, run(context) -> rows}`; a section `{name, run(context) -> keys of the result, print}`.
 * One that fails is named at the end, in the exit code too, and does not keep the others from running.
 */
export async function runBench({ rowKinds, sections }) {
  const all = [...rowKinds, ...sections]
  const asked = askedFor(all)
  if (!asked) return
  const { options, wanted } = asked
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

/** What the command line asks for; undefined where it asks for nothing that can be run. */
function askedFor(all) {
  try {
    const asked = readOptions(process.argv.slice(2), all)
    if (!asked.options.help) return asked
    console.log(usage(all))
  } catch (error) {
    if (!(error instanceof BadOptions)) throw error
    console.error(`bench: ${error.message}`)
    process.exitCode = 2
  }
  return undefined
}

function contextOf(options) {
  const work = makeWorkFolder(options.folder)
  process.once('exit', () => work.remove())
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  return {
    folder: work.path,
    keep: options.keep,
    entries: options.entries,
    limit: new Limit(),
    size: options.quick ? 'quick' : 'default',
    full: options.full,
    concurrencies: options.concurrency,
    repeat: options.repeat,
    workers: options.workers ?? 1,
    server: {
      nodeOptions: options.profile ? ['--cpu-prof', `--cpu-prof-dir=${options.profile}`] : [],
      workers: options.workers,
    },
    progress,
    report: (row) => progress(progressLine(row)),
  }
}

function print(result, sections) {
  console.log(headLines(result))
  if (result.rows.length > 0) console.log(`\n${rowsTable(result)}`)
  for (const { name, print } of sections) console.log(`\n## ${name}\n\n${print(result)}`)
}
