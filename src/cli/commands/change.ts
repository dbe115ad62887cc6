import { answer, type Answer, type OptionSpec } from '../command.js'
import { exitCode } from '../exit-code.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import type { Outcome } from '../problem.js'
import type { Look } from '../screen/look.js'
import { renderWaiting } from './proposal-screen.js'
import { renderWarnings } from './warnings-screen.js'

/** Options of every command that changes the index: what the record says about why. */
export const whyOptions: readonly OptionSpec[] = [
  { flags: '--reason <text>', description: 'why, for the record' },
  { flags: '--ticket <id>', description: 'a ticket or change number, for the record' },
]

/** Proposes one change and shows what was committed. */
export async function sendChange(
  call: Invocation,
  request: Readonly<Record<string, unknown>>,
): Promise<Outcome<Answer>> {
  const api = await call.operator()
  if (!api.ok) return api
  const change = await api.value.send('/v1/changes', { ...request, ...call.why() })
  return change.ok ? madeAnswer(change.value) : change
}

/** A change that was made, or a proposal that waits: then the command ends with a code of its own. */
export function madeAnswer(made: JsonReader): Outcome<Answer> {
  return made.absent('standing')
    ? answer(made.value, (look) =>
        [renderChange(look, made), ...renderWarnings(look, made)].join('\n'),
      )
    : answer(
        made.value,
        (look) => [renderWaiting(look, made), ...renderWarnings(look, made)].join('\n'),
        exitCode.waits,
      )
}

/** `committed entry.suspend payments/api (revision 3, record 17, narrowing)` */
export function renderChange(look: Look, change: JsonReader): string {
  const alias = change.text('alias')
  const about = `revision ${change.count('rev')}, record ${change.count('seq')}, ${change.text('class')}`
  return `${look.paint('green', 'committed')} ${change.text('op')} ${alias === '' ? '/' : alias} (${about})`
}
