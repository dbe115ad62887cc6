import { visible } from '../../core/visible.js'
import type { JsonReader } from '../json-reader.js'
import type { Look } from '../screen/look.js'

/** An alarm on its lines: what, about what, and what shows it. */
export function renderAlarm(look: Look, alarm: JsonReader): string {
  const about = (['record', 'serial', 'entry', 'reason'] as const).flatMap((member) =>
    alarm.absent(member) ? [] : [`${member} ${visible(String(alarm.value[member]))}`],
  )
  const lines = [
    `${look.paint('red', alarm.text('code'))}  ${alarm.text('log')} log: ${alarm.text('detail')}`,
    ...(about.length > 0 ? [`  ${about.join(', ')}`] : []),
  ]
  for (const member of ['wanted', 'found'] as const) {
    const value = alarm.optional(member)
    if (value !== undefined) lines.push(`  ${member}: ${value}`)
  }
  return lines.join('\n')
}
