import type { Answer } from './command.js'
import { exitCode, type ExitCode } from './exit-code.js'
import { lookOf } from './screen/look.js'
import type { World } from './world.js'

/** Writes what a command has to say to standard output; with what it is to end. */
export function printAnswer(
  world: World,
  json: boolean,
  { json: value, screen, exit }: Answer,
): ExitCode {
  const text = json ? documentOf(value) : screen(lookOf(world.stdout, world.env, world.clock.now()))
  if (text !== '') world.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  return exit ?? exitCode.ok
}

const documentOf = (value: unknown): string =>
  value === undefined ? '' : JSON.stringify(value, null, 2)
