#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { exitOfProblem } from './cli/exit-code.js'
import { problemOfRefusal } from './cli/problem.js'
import { runCli } from './cli/run-cli.js'
import { renderProblem } from './cli/screen/problem-screen.js'
import { lookOf } from './cli/screen/look.js'
import type { World } from './cli/world.js'
import { operatorConnection } from './compose/operator-connection.js'
import { voterTokens } from './compose/voter-tokens.js'
import type { Refusal } from './core/refusal.js'
import type { Result } from './core/result.js'
import { systemClock, systemRandom } from './system.js'

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // The second one is obeyed at once, by the default that is back by then.
  process.once(signal, () => stop.abort())
}

const { version } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { version: string }
const ambient = {
  env: process.env,
  clock: systemClock,
  random: systemRandom,
  signal: stop.signal,
  version,
}

const world: World = {
  ...ambient,
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: () => text(process.stdin),
  cwd: process.cwd(),
  secret: async (prompt) =>
    (await import('./compose/ask-secret.js')).askSecret(prompt, stop.signal),
  tokens: voterTokens(systemRandom),
  // Loaded when asked for: a command that only asks the running server starts in half the time.
  operator: (config) => operatorConnection(config, ambient),
  remoteOperator: async (way) =>
    (await import('./compose/https-connection.js')).httpsConnection(way, ambient),
  rebuildIndex: async (config, progress) =>
    (await import('./compose/rebuild-index.js')).rebuildIndex(config, ambient, progress),
  init: async (options) => (await import('./compose/found.js')).found(options, ambient),
  serve: async (config) => {
    const { serve } = await import('./compose/serve.js')
    return exitOf(await serve(config, ambient))
  },
  initWitness: async (place) =>
    (await import('./compose/witness-folder.js')).initWitness(place, ambient),
  serveWitness: async (options) =>
    exitOf(await (await import('./compose/serve-witness.js')).serveWitness(options, ambient)),
  openWatch: async (options) =>
    (await import('./compose/open-watch.js')).openWatch(options, ambient),
  openMirror: async (options) =>
    (await import('./compose/open-mirror.js')).openMirror(options, ambient),
  verifyMirror: async (options) =>
    (await import('./compose/verify-mirror.js')).verifyMirror(options, ambient),
  serveMirror: async (options) =>
    exitOf(await (await import('./compose/serve-mirror.js')).serveMirror(options, ambient)),
  openMirroredIndex: async (folder) =>
    (await import('./compose/verify-mirror.js')).openMirroredIndex(folder),
  openLogAnswer: async (pieces, options, progress) => {
    const { openLogAnswer } = await import('./compose/open-log-answer.js')
    const { openLog } = await import('./compose/open-log.js')
    const { keepHeapSmall } = await import('./compose/small-heap.js')
    keepHeapSmall()
    const log = openLog({ level: 'error', format: 'pretty' }, version)
    return openLogAnswer(pieces, options, progress, { ...ambient, log })
  },
  dev: async (config) => {
    const { dev } = await import('./compose/dev.js')
    const { stdout } = process
    return exitOf(await dev(config, { ...ambient, stdout, cwd: process.cwd(), command: command() }))
  },
}

/** How this program is called again from here. */
function command(): string {
  const script = relative(process.cwd(), fileURLToPath(import.meta.url))
  return script.startsWith('..') ? 'capstan' : `node ${script}`
}

/** A server that may not start says why, as every other command does. */
function exitOf<T>(result: Result<T>): T | ReturnType<typeof exitOfProblem> {
  if (result.ok) return result.value
  const refusal: Refusal = result.refusal
  const problem = problemOfRefusal(refusal)
  const look = lookOf(world.stderr, world.env, world.clock.now())
  world.stderr.write(`${renderProblem(look, problem)}\n`)
  return exitOfProblem(problem)
}

process.exitCode = await runCli(process.argv.slice(2), world)
// What a library has left open (an idle connection to a cluster) must not keep a command from ending.
process.stdout.write('', () => process.exit())
