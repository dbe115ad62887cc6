import { answer, type Answer, type OptionSpec } from '../command.js'
import { exitCode } from '../exit-code.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { type Outcome, usage } from '../problem.js'
import type { Look } from '../screen/look.js'
import { renderWaiting } from './proposal-screen.js'
import { asOptions, proposeAs, withoutAuthor } from './proposing.js'
import { renderWarnings } from './warnings-screen.js'

/** What the record says about why. */
export const whyOptions: readonly OptionSpec[] = [
  { flags: '--reason <text>', description: 'why, for the record' },
  { flags: '--ticket <id>', description: 'a ticket or change number, for the record' },
]

/** Options of every command that asks for one change. */
export const changeOptions: readonly OptionSpec[] = [...whyOptions, ...asOptions]

/** Proposes one change, as whom `--as` names, and shows what was committed. */
export async function sendChange(
  call: Invocation,
  request: Readonly<Record<string, unknown>>,
): Promise<Outcome<Answer>> {
  const wanted = { ...request, ...call.why() }
  if (call.has('as')) {
    const proposed = await proposeAs(call, { change: wanted })
    if (!proposed.ok) return proposed
    if (proposed.value.kind === 'printed') return proposed.value.answer
    const [only] = proposed.value.proposals
    return only ? madeAnswer(only) : usage('nothing was proposed')
  }
  const alone = withoutAuthor(call)
  if (!alone.ok) return alone
  const api = await call.operator()
  if (!api.ok) return api
  const change = await api.value.send('/v1/changes', wanted)
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
