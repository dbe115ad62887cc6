import type { BrakeStatement } from '../../namespace/statements.js'
import { JsonReader } from '../json-reader.js'
import { type Field, renderFields } from '../screen/fields.js'
import type { Colour, Look } from '../screen/look.js'
import { cell, renderTable, timeCell } from '../screen/table.js'
import { parseInstant, renderInstant, renderTime } from '../screen/times.js'

const shown = (alias: string): string => (alias === '' ? '/' : alias)

const COLOURS: Readonly<Record<string, Colour>> = { 'in-effect': 'red', ended: 'green' }

/** `entry payments/api`, `rule web of payments/api`, `voter ann of /` */
function what(brake: JsonReader): string {
  const subject = brake.object('subject')
  const alias = shown(subject.text('alias'))
  const [rule, voter] = [brake.optional('rule'), brake.optional('voter')]
  if (rule !== undefined) return `rule ${rule} of ${alias}`
  return voter === undefined ? `${subject.text('kind')} ${alias}` : `voter ${voter} of ${alias}`
}

/** Of an entry or a scope, while one is on it: `until 2026-11-21 08:15Z (in 2 h)`. */
export function brakeOf(look: Look, object: JsonReader): string | undefined {
  const until = object.optionalObject('brake')?.text('until')
  const at = until === undefined ? undefined : parseInstant(until)
  if (until === undefined || at === undefined || at <= look.now) return undefined
  return look.paint('red', `until ${renderTime(until, look.now)}`)
}

export const isInEffect = (brake: JsonReader): boolean => brake.raw('standing') === 'in-effect'

export function renderBrake(look: Look, brake: JsonReader): string {
  const fields: readonly Field[] = [
    ['brake', look.paint('red', what(brake))],
    ['until', renderTime(brake.text('until'), look.now)],
    ['by', `${brake.texts('by').join(', ')} of ${shown(brake.text('scope'))}`],
    ['reason', brake.optional('reason')],
    ['ticket', brake.optional('ticket')],
    ['record', String(brake.count('seq'))],
  ]
  return renderFields(look, fields)
}

/** What a voter signs, in words. */
export function renderBrakeToSign(look: Look, statement: BrakeStatement): string {
  const brake = new JsonReader(statement, 'the brake')
  const { subject, base, scope, voters, ttl, expires } = statement
  const kind = subject.uid.startsWith('s') ? 'scope' : 'entry'
  const about = new JsonReader({ ...statement, subject: { ...subject, kind } }, 'the brake')
  const fields: readonly Field[] = [
    ['brake', what(about)],
    ['about', `${subject.uid}, revision ${base.rev}`],
    ['for', `${ttl} s from when it is handed in, by ${renderInstant(expires)} at the latest`],
    ['by', voters.join(', ')],
    ['group', `of ${scope.uid}, revision ${scope.rev}`],
    ['reason', brake.optional('reason')],
    ['ticket', brake.optional('ticket')],
    ['index', brake.text('index')],
  ]
  return renderFields(look, fields)
}

export function renderBrakes(look: Look, brakes: readonly JsonReader[]): string {
  if (brakes.length === 0) return 'no brakes'
  return renderTable(
    look,
    [
      { title: 'BRAKE ON', shrinks: 'when-narrow' },
      { title: 'STANDING' },
      { title: 'UNTIL' },
      { title: 'BY' },
      { title: 'REASON', shrinks: 'when-narrow' },
    ],
    brakes.map((brake) => [
      cell(what(brake)),
      cell(brake.text('standing'), (text) => look.paint(COLOURS[text] ?? 'yellow', text)),
      timeCell(brake.text('until'), look),
      cell(`${brake.texts('by').join(', ')} of ${shown(brake.text('scope'))}`),
      cell(brake.optional('reason') ?? '-'),
    ]),
  )
}
