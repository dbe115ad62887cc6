import type { JsonReader } from '../json-reader.js'
import type { Look } from '../screen/look.js'

/** `looks like: payments/paymemts resembles payments/payments`, a line for each. */
export function renderWarnings(look: Look, made: JsonReader): readonly string[] {
  const warnings = made.absent('warnings') ? [] : made.objects('warnings')
  return warnings.map((warning) =>
    look.paint(
      'yellow',
      warning.text('kind') === 'looks-like'
        ? `looks like: ${renderLookAlike(warning)}`
        : 'not every name beside the new ones was compared with them',
    ),
  )
}

/** `payments/paymemts resembles payments/payments` */
export function renderLookAlike(one: JsonReader): string {
  const leadsTo = one.optional('leadsTo')
  const former = leadsTo === undefined ? '' : ` (a former name of ${leadsTo})`
  return `${one.text('alias')} resembles ${one.text('resembles')}${former}`
}
