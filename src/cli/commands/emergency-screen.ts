import { canonicalize } from '../../core/canonical-json.js'
import { visible } from '../../core/visible.js'
import type { InvocationStatement } from '../../namespace/emergency/emergency-statements.js'
import { JsonReader } from '../json-reader.js'
import { renderFields } from '../screen/fields.js'
import type { Colour, Look } from '../screen/look.js'
import { cell, renderTable } from '../screen/table.js'
import { parseInstant, renderInstant, renderTime } from '../screen/times.js'

const shown = (alias: string): string => (alias === '' ? '/' : alias)

const COLOURS: Readonly<Record<string, Colour>> = {
  ready: 'green',
  'in-use': 'red',
  disabled: 'red',
}

/** Of an entry, while a grant makes it active: `by the grant oncall until ...` */
export function emergencyOf(look: Look, entry: JsonReader): string | undefined {
  const emergency = entry.optionalObject('emergency')
  const at = emergency && parseInstant(emergency.text('until'))
  if (!emergency || at === undefined || at <= look.now) return undefined
  const until = renderTime(emergency.text('until'), look.now)
  return look.paint('red', `active by the grant ${emergency.text('grant')} until ${until}`)
}

/** A use that voters have not said anything about yet, and still may. */
export const waitsForVoters = (use: JsonReader): boolean => !use.flag('ratified')

/** `in-use` and `disabled` ones, and those with a use that waits: what an inbox shows. */
export const needsAttention = (grant: JsonReader): boolean =>
  ['in-use', 'disabled'].includes(grant.raw('standing')) ||
  grant.objects('uses').some(waitsForVoters)

/** Uses of grants that are gone; a server of an earlier version says nothing of them. */
export const formerIn = (answered: JsonReader): readonly JsonReader[] =>
  answered.absent('former') ? [] : answered.objects('former')

export function renderGrants(
  look: Look,
  grants: readonly JsonReader[],
  former: readonly JsonReader[],
): string {
  const uses = [
    ...grants.flatMap((grant) =>
      grant.objects('uses').map((use) => useLine(look, `grant ${grant.text('name')}`, use)),
    ),
    ...former.map((use) => useLine(look, `former grant ${use.text('grant')}`, use)),
  ]
  if (grants.length + uses.length === 0) return 'no emergency grants'
  return [
    ...(grants.length === 0 ? [] : [renderTerms(look, grants)]),
    ...(uses.length === 0 ? [] : [uses.join('\n')]),
  ].join('\n\n')
}

function renderTerms(look: Look, grants: readonly JsonReader[]): string {
  const titles = ['GRANT', 'SCOPE', 'FOR', 'UNDER', 'WHO', 'STANDING', 'USES', 'DRILLED']
  return renderTable(
    look,
    titles.map((title) => ({ title })),
    grants.map((grant) => {
      const drilled = grant.optional('drilled')
      return [
        cell(grant.text('name')),
        cell(shown(grant.text('scope'))),
        cell(`${grant.texts('acts').join(', ')}, ${grant.count('longest')} s`),
        cell(shown(grant.text('under'))),
        cell(`${grant.count('threshold')} of ${grant.texts('who').join(', ')}`),
        cell(grant.text('standing'), (text) => look.paint(COLOURS[text] ?? 'yellow', text)),
        cell(`${grant.objects('uses').length} of ${grant.count('most')}`),
        cell(drilled === undefined ? 'never' : renderTime(drilled, look.now)),
      ]
    }),
  )
}

/** `record 41: reactivate payments/api by r1, until ...: not ratified, until ...` */
function useLine(look: Look, grant: string, use: JsonReader): string {
  const what = `record ${use.count('seq')}, ${grant}: ${use.text('act')} ${use.text('subject')} by ${use.texts('by').join(', ')}`
  const until = `until ${renderTime(use.text('until'), look.now)}`
  return `${what}, ${until}; ${ratificationOf(look, use)}`
}

function ratificationOf(look: Look, use: JsonReader): string {
  if (use.flag('ratified')) return look.paint('green', 'ratified')
  const by = use.text('ratifyBefore')
  const isLate = (parseInstant(by) ?? 0) <= look.now
  return look.paint(
    'red',
    isLate
      ? `not ratified by ${renderTime(by, look.now)}: the grant is disabled`
      : `not ratified: capstan emergency ratify ${use.count('seq')}, by ${renderTime(by, look.now)}`,
  )
}

export function renderInvoked(look: Look, one: JsonReader): string {
  const { now } = look
  const isDrill = one.flag('drill')
  return renderFields(look, [
    [isDrill ? 'drilled' : 'used', `grant ${one.text('grant')} of ${shown(one.text('scope'))}`],
    ['does', isDrill ? 'nothing: everything was checked' : undefined],
    [one.text('act'), one.text('subject')],
    ['until', isDrill ? undefined : look.paint('red', renderTime(one.text('until'), now))],
    ['by', one.texts('by').join(', ')],
    ['reason', one.text('reason')],
    ['ticket', one.optional('ticket')],
    ['ratify by', isDrill ? undefined : renderTime(one.text('ratifyBefore'), now)],
    ['record', String(one.count('seq'))],
    ['next', isDrill ? undefined : `capstan emergency ratify ${one.count('seq')}`],
  ])
}

/** What is signed, in words. */
export function renderInvocationToSign(look: Look, statement: InvocationStatement): string {
  const { subject, base, scope, by, ttl, expires, act, grant, call, drill } = statement
  const said = new JsonReader(statement, 'the use of a grant')
  return renderFields(look, [
    [drill ? 'drill' : 'use', `of the grant ${grant}`],
    [act, subject.alias],
    ['call', call && visible(canonicalize(call))],
    ['about', `${subject.uid}, revision ${base.rev}`],
    ['for', `${ttl} s from when it is handed in, by ${renderInstant(expires)} at the latest`],
    ['by', by.join(', ')],
    ['group', `of ${scope.uid}, revision ${scope.rev}`],
    ['reason', said.optional('reason')],
    ['ticket', said.optional('ticket')],
    ['index', said.text('index')],
  ])
}
