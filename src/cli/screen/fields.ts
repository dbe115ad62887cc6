import type { Look } from './look.js'

/** A name and what it says: one line, or several below each other. Undefined ones are left out. */
export type Field = readonly [name: string, value: string | readonly string[] | undefined]

/** `name:  value` lines, values aligned. */
export function renderFields(look: Look, fields: readonly Field[]): string {
  const present = fields.filter(([, value]) => value !== undefined && value.length > 0)
  const width = Math.max(0, ...present.map(([name]) => name.length)) + 1
  return present
    .map(([name, value]) => {
      const lines = typeof value === 'string' ? value.split('\n') : (value ?? [])
      const label = look.paint('dim', `${name}:`.padEnd(width))
      return lines
        .map((line, index) => `${index === 0 ? label : ' '.repeat(width)} ${line}`)
        .join('\n')
    })
    .join('\n')
}
