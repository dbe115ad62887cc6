import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, homedir } from 'node:os'
import { join } from 'node:path'
import { commandOptions, wrongUsage } from '../support/command-options.js'
import { copyTree, filesOf, readSource } from './copy.js'
import { hunt, measureAll, type Outcome } from './hunt.js'
import { mutate } from './mutants.js'
import { type Decided, isAlive, type Result, tallyOf } from './result.js'
import { onOneLine, reckon } from './survivors/list.js'
import { type Target, targets } from './targets.js'

/**
 * `npm run test:mutation -- [--only NAME] [--json FILE] [--workers N] [--again] [--since FILE] [--glance]`
 * changes the source in every way that Stryker knows, one place at a time, and sees whether a test
 * fails. What was decided is kept outside the tree, and an interrupted run of the same files goes on
 * from there; `--again` forgets it. `--since FILE` believes an earlier `--json FILE` in what was
 * noticed, to look at its survivors alone while tests are written; `--glance` gives properties a
 * tenth of a second for examples, so that its score is a lower bound.
 */
const USAGE =
  'usage: npm run test:mutation -- [--only TARGET] [--json FILE] [--workers N] [--again] [--since FILE] [--glance]'
const { values } = commandOptions(USAGE, {
  options: {
    only: { type: 'string', multiple: true, default: [] },
    json: { type: 'string' },
    workers: { type: 'string', default: String(availableParallelism()) },
    again: { type: 'boolean', default: false },
    since: { type: 'string' },
    glance: { type: 'boolean', default: false },
  },
})
const caches = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
const folder = join(caches, 'capstan-mutation')
const workers = Number(values.workers)

/** Per cent of each target's mutants that tests must notice. */
const WANTED = 85

for (const name of values.only) {
  if (targets.some((target) => target.name === name)) continue
  const known = targets.map((target) => target.name).join(', ')
  wrongUsage(USAGE, `there is no target ${name}, only ${known}`)
}
const chosen = targets.filter(({ name }) => values.only.length === 0 || values.only.includes(name))
const earlier = noticedBefore(values.since)
const results: Result[] = []
for (const target of chosen) results.push(await run(target))
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(results, undefined, 1))
report()

async function run(target: Target): Promise<Result> {
  const began = performance.now()
  const sources = filesOf(
    target.sources.map((name) => join('src', name)),
    '.ts',
  ).map(readSource)
  const { mutants, texts, content } = await mutate(sources)
  const { home, digest } = copyTree(content)
  try {
    const depth = values.glance ? '-glance' : ''
    const book = join(folder, `${target.name}-${digest}${depth}.jsonl`)
    const known = open(book)
    const tests = filesOf(
      target.tests.map((name) => join('test', name)),
      '.test.ts',
    )
    const files = tests.map((file) => file.slice('test/'.length))
    say(`${target.name}: ${mutants.length} mutants, ${files.length} test files are measured`)
    const measured = await measureAll(home, files, workers)
    const slow = measured.reduce(
      (sum, file) => sum + file.tests.reduce((ms, test) => ms + test.ms, file.loadMs),
      0,
    )
    say(`${target.name}: all tests take ${(slow / 1000).toFixed(1)} s`)
    for (const { file, again } of measured) if (again !== 'each') say(`  ${file}: ${again}`)
    const rest = mutants.filter(({ id, key }) => !known.has(id) && !earlier.has(key))
    const progress = progressOf(target.name, rest.length)
    const remembers = target.remembers.map((name) => join('src', name))
    const manner = { atOnce: workers, isGlance: values.glance }
    await hunt(home, rest, measured, remembers, manner, (mutant, outcome) => {
      known.set(mutant.id, outcome)
      appendFileSync(book, `${JSON.stringify({ id: mutant.id, ...outcome })}\n`)
      progress(outcome)
    })
    const all = mutants.map((mutant): Decided => {
      const outcome = known.get(mutant.id) ?? earlier.get(mutant.key)
      return { ...mutant, ...(outcome ?? { verdict: 'not-reached' }) }
    })
    const minutes = (performance.now() - began) / 60_000
    return { target: target.name, texts, ...tallyOf(all), minutes, all }
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

function open(book: string): Map<string, Outcome> {
  mkdirSync(folder, { recursive: true })
  if (values.again) rmSync(book, { force: true })
  const lines = existsSync(book) ? readFileSync(book, 'utf8').split('\n').filter(Boolean) : []
  return new Map(
    lines.map((line) => {
      const { id, ...outcome } = JSON.parse(line) as Outcome & { id: string }
      return [id, outcome]
    }),
  )
}

function noticedBefore(file: string | undefined): ReadonlyMap<string, Outcome> {
  if (file === undefined) return new Map()
  const before = JSON.parse(readFileSync(file, 'utf8')) as readonly Result[]
  const noticed = before.flatMap(({ all }) => all.filter((decided) => !isAlive(decided)))
  return new Map(
    noticed.map(({ key, verdict, by }) => [key, { verdict, ...(by !== undefined && { by }) }]),
  )
}

function progressOf(name: string, total: number): (outcome: Outcome) => void {
  const began = performance.now()
  const count = { done: 0, alive: 0 }
  let said = began
  return (outcome) => {
    count.done += 1
    if (isAlive(outcome)) count.alive += 1
    const now = performance.now()
    if (now - said < 10_000) return
    said = now
    const rate = (count.done / (now - began)) * 1000
    say(
      `${name}: ${count.done} of ${total} decided, ${count.alive} of them survive, ` +
        `${rate.toFixed(1)} a second`,
    )
  }
}

function report(): void {
  for (const { target, all } of results) reportSurvivors(target, all)
  say('\ntarget        mutants  killed  timed out  survived  not reached   score  minutes')
  for (const { target, mutants, score, minutes, ...counts } of results) {
    const { killed, timedOut, survived, notReached } = counts
    const row = [mutants, killed, timedOut, survived, notReached].map(String)
    const [a = '', b = '', c = '', d = '', e = ''] = row
    say(
      `${target.padEnd(12)} ${a.padStart(8)} ${b.padStart(7)} ${c.padStart(10)} ${d.padStart(9)} ` +
        `${e.padStart(12)} ${score.toFixed(1).padStart(6)}% ${minutes.toFixed(1).padStart(8)}`,
    )
  }
  if (results.some(({ score }) => score < WANTED)) process.exitCode = 1
}

/** What survives and is not explained in test/mutation/survivors, or the other way round, fails the run. */
function reportSurvivors(target: string, all: readonly Decided[]): void {
  const alive = all.filter(isAlive)
  const { strange, idle } = reckon(target, alive)
  say(`\n${target}: ${alive.length} survive, ${strange.length} of them without an explanation`)
  const brief = (text: string): string => onOneLine(text).slice(0, 90)
  for (const { file, line, original, replacement, verdict } of strange) {
    const mark = verdict === 'not-reached' ? ' (not reached)' : ''
    say(`  ${file}:${line}  ${brief(original)}  ->  ${brief(replacement)}${mark}`)
  }
  for (const { file, original } of idle)
    say(`  explained, and noticed: ${file}  ${brief(original)}`)
  const isCounted = targets.find(({ name }) => name === target)?.survivors === 'counted'
  if (strange.length + idle.length > 0 && !isCounted) process.exitCode = 1
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
