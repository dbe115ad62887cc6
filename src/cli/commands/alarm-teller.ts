import { toIso } from '../../core/time.js'
import { visible } from '../../core/visible.js'
import type { Place } from '../../monitor/keep-watching.js'
import type { Told } from '../../monitor/raised-alarms.js'
import type { OptionSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import { JsonReader } from '../json-reader.js'
import { runOwnCommand } from '../own-command.js'
import { lookOf } from '../screen/look.js'
import { renderAlarm } from './alarm-screen.js'

export const execOption: OptionSpec = {
  flags: '--exec <command>',
  description: 'run by /bin/sh -c for each alarm, which it gets as JSON on standard input',
}

/** How often --exec is run at a look: who forges thousands does not keep anybody from the next look. */
const MOST_RUNS = 100

/** One line per event: JSON on standard output with --json, words on standard error without. */
export function say(
  call: Invocation,
  line: Readonly<Record<string, unknown>>,
  words: () => string,
): void {
  if (call.has('json')) call.world.stdout.write(`${JSON.stringify(line)}\n`)
  else call.world.stderr.write(`${words()}\n`)
}

export function wordsOf(call: Invocation, { state, alarm }: Told): string {
  const { stderr, env, clock } = call.world
  const look = lookOf(stderr, env, clock.now())
  const words = renderAlarm(look, new JsonReader(alarm))
  return state === 'over' ? `${look.paint('green', 'over')}: ${words}` : words
}

/**
 * The operator's own command gets each alarm on its standard input. False where it ended badly, and for
 * the rest of what is told at that look: it is not run again for each of thousands.
 */
export function commandTeller(call: Invocation): (told: Told, place: Place) => Promise<boolean> {
  const command = call.text('exec')
  const { env, clock } = call.world
  let isFailing = false
  return async ({ state, alarm }, { after, of }) => {
    if (after === 0) isFailing = false
    if (command === undefined) return true
    if (isFailing || after >= MOST_RUNS) return !isFailing
    const more = after === MOST_RUNS - 1 ? of - MOST_RUNS : 0
    const input = `${JSON.stringify({ state, at: toIso(clock.now()), ...alarm, ...(more > 0 && { more }) })}\n`
    const { ended, detail } = await runOwnCommand(command, env, input)
    isFailing = ended === 'badly'
    if (isFailing) {
      const next = 'it is run again after the next look, for what it was not told of'
      call.world.stderr.write(`--exec ended badly: ${visible(detail)}; ${next}\n`)
    }
    return !isFailing
  }
}
