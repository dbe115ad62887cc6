import type { JsonReader } from '../json-reader.js'
import { renderFields } from '../screen/fields.js'
import type { Look } from '../screen/look.js'

/** One line per check; a failed one also says what to do. */
export function renderChecks(look: Look, checks: readonly JsonReader[]): string {
  return checks
    .map((check) => {
      const mark = check.flag('ok') ? look.paint('green', 'ok    ') : look.paint('red', 'failed')
      const line = `${mark} ${check.text('name')}: ${check.text('detail')}`
      const next = check.flag('ok') ? undefined : check.optional('next')
      if (next === undefined) return line
      return `${line}\n${renderFields(look, [['       next', next]])}`
    })
    .join('\n')
}
