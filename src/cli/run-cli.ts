import { CommanderError } from 'commander'
import { DependencyError } from '../core/dependency-error.js'
import { visible } from '../core/visible.js'
import { buildProgram } from './build-program.js'
import type { CommandSpec } from './command.js'
import { commands, groups } from './command-tree.js'
import { exitCode, type ExitCode, exitOfProblem } from './exit-code.js'
import { Invocation } from './invocation.js'
import { WrongShape } from './json-reader.js'
import { printAnswer } from './print-answer.js'
import { type Problem, problemOfRefusal } from './problem.js'
import { lookOf } from './screen/look.js'
import { renderProblem } from './screen/problem-screen.js'
import { withSolo } from './solo-note.js'
import type { World } from './world.js'

/** Runs one command line (without `node` and the script) to its end. Never throws. */
export async function runCli(argv: readonly string[], world: World): Promise<ExitCode> {
  const json = argv.includes('--json')
  const complaints: string[] = []
  let exit: ExitCode = exitCode.ok
  const program = buildProgram(
    { version: world.version, groups, commands },
    {
      out: (text) => void world.stdout.write(text),
      err: (text) => void complaints.push(text),
    },
    async (spec, words, options) => {
      exit = await perform(spec, new Invocation(world, words, options))
    },
  )
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exit
  } catch (error) {
    if (!(error instanceof CommanderError)) return report(world, json, thrown(error))
    if (error.exitCode === 0) return exitCode.ok
    const text = complaints.join('')
    if (!json) world.stderr.write(text)
    const detail = (text.split('\n')[0] ?? '').replace(/^error: /, '')
    return json ? report(world, json, usageProblem(detail)) : exitCode.usage
  }
}

async function perform(spec: CommandSpec, call: Invocation): Promise<ExitCode> {
  const json = call.has('json')
  try {
    const outcome = await spec.run(call)
    return outcome.ok
      ? printAnswer(call.world, json, await withSolo(spec.path, call, outcome.value))
      : report(call.world, json, outcome.problem)
  } catch (error) {
    return report(call.world, json, thrown(error))
  } finally {
    await call.close().catch(() => undefined)
  }
}

/** A refusal for people goes to standard error; for programs to standard output, as JSON. */
function report(world: World, json: boolean, problem: Problem): ExitCode {
  if (json) world.stdout.write(`${JSON.stringify(problem.document, null, 2)}\n`)
  else {
    const look = lookOf(world.stderr, world.env, world.clock.now())
    world.stderr.write(`${renderProblem(look, problem)}\n`)
  }
  return exitOfProblem(problem)
}

const usageProblem = (detail: string): Problem => problemOfRefusal({ code: 'cli.usage', detail })

/** A broken world, told from a defect. Both are one line: a stack is for a debugger. */
function thrown(error: unknown): Problem {
  if (error instanceof WrongShape) {
    const { source, message } = error
    if (source === 'file') return usageProblem(visible(message))
    if (source === 'answer') {
      return thrown(
        new DependencyError('server', `answers otherwise than its API does: ${message}`),
      )
    }
  }
  const unavailable = error instanceof DependencyError
  const code = unavailable ? 'unavailable' : 'internal'
  const detail = error instanceof Error ? error.message : 'unexpected'
  const document = { type: `urn:capstan:${code}`, title: code, code, detail }
  return { code, detail, status: unavailable ? 503 : 500, document }
}
