import { existsSync, readFileSync } from 'node:fs'
import { commandOptions, wrongUsage } from '../test/support/command-options.js'
import { Executor } from './engine/executor.js'
import { HOME } from './engine/files.js'
import type { Edit, Report } from './engine/order.js'
import { loadTarget, targets } from './load-target.js'
import { watch } from './watch.js'

const USAGE = `usage: npm run fuzz -- TARGET|all --minutes N [--seed N] [--save]
       npm run fuzz -- TARGET --replay FILE ...
       npm run fuzz -- --list

  TARGET     one of ${Object.keys(targets).join(', ')}
  --minutes  how long, for each target (default 1)
  --executions  how many of them at most, for each target
  --seed     of the random choices (default: another one every second)
  --from seeds  begin with the target's own seeds alone, not with what was learnt before
  --first    end with the first finding
  --edits    run other code: a JSON list of { file, find, replace }, to see a property fail
  --save     write the distilled corpus to fuzz/corpus/TARGET
  --hang     seconds after which an input is taken to have no end (default 20)
  --out      where findings go, and what the next run begins with (default fuzz/)
  --replay   only run these files, and say how each ends
`

/** Answers the exit code: 1 when something was found. */
export async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = commandOptions(USAGE, {
    args: [...args],
    allowPositionals: true,
    options: {
      list: { type: 'boolean', default: false },
      minutes: { type: 'string', default: '1' },
      executions: { type: 'string', default: 'Infinity' },
      seed: { type: 'string' },
      from: { type: 'string', default: 'corpus' },
      first: { type: 'boolean', default: false },
      edits: { type: 'string', default: '[]' },
      save: { type: 'boolean', default: false },
      replay: { type: 'boolean', default: false },
      hang: { type: 'string', default: '20' },
      out: { type: 'string', default: HOME },
    },
  })
  const [name, ...files] = positionals
  if (values.list) {
    say(Object.keys(targets).join('\n'))
    return 0
  }
  const seconds = Number(values.minutes) * 60
  const seed =
    values.seed === undefined ? Math.floor(performance.timeOrigin / 1000) : Number(values.seed)
  if (name === undefined || !(seconds > 0) || !Number.isSafeInteger(seed)) {
    say(USAGE)
    return 2
  }
  if (name !== 'all' && !Object.hasOwn(targets, name) && !existsSync(name)) {
    return wrongUsage(USAGE, `there is no target ${name}, nor a module`)
  }
  if (values.replay) return replay(name, files)
  const order = {
    seconds,
    executions: Number(values.executions),
    seed,
    keep: values.save ? 'tree' : 'here',
    from: values.from === 'seeds' ? 'seeds' : 'corpus',
    first: values.first,
    edits: JSON.parse(values.edits) as readonly Edit[],
    out: values.out,
    hangSeconds: Number(values.hang),
  } as const
  let found = 0
  for (const target of name === 'all' ? Object.keys(targets) : [name]) {
    const before = process.cpuUsage()
    const report = await watch({ ...order, target }, (latest) => progress(target, latest))
    found += summary(target, report)
    const { user, system } = process.cpuUsage(before)
    say(`  seed ${seed}, ${((user + system) / 1e6).toFixed(0)} s of CPU time`)
  }
  return found > 0 ? 1 : 0
}

async function replay(name: string, files: readonly string[]): Promise<number> {
  const target = await loadTarget(name)
  const executor = new Executor(name, target)
  let found = 0
  for (const file of files) {
    const input = readFileSync(file)
    const { ending, finding } = await executor.run(input)
    const ms = finding ? 0 : await executor.cost(input)
    if (finding || ms > executor.mostMs) found += 1
    say(`${ms.toFixed(3)} ms  ${file}\n  ${finding ? finding.detail : (ending ?? '')}`)
  }
  return found > 0 ? 1 : 0
}

/** The line that stands at the bottom of a terminal; nothing where there is none. */
function progress(target: string, report: Report): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${line(target, report)}`)
}

function summary(target: string, report: Report | undefined): number {
  if (!report) return 0
  say(line(target, report))
  for (const { key, path, after } of report.findings) {
    say(`  ${path}\n    ${key}\n    after ${after} executions`)
  }
  return report.findings.length
}

function line(target: string, report: Report): string {
  const { seconds, executions, corpus, features, branches, branchesInAll, slowestMs } = report
  const rate = Math.round(executions / seconds)
  return [
    `${target}: ${executions} executions in ${seconds.toFixed(0)} s (${rate}/s)`,
    `corpus ${corpus}`,
    `branches ${branches} of ${branchesInAll}`,
    `features ${features}`,
    `slowest ${slowestMs.toFixed(1)} ms`,
    `findings ${report.findings.length}`,
  ].join(', ')
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)
