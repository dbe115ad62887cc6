import type { JsonReader } from '../json-reader.js'
import { type Field, renderFields } from '../screen/fields.js'
import type { Look } from '../screen/look.js'
import { renderTime } from '../screen/times.js'
import { deniedFields } from './decision-screen.js'
import { renderGrant, renderPorts } from './impact-screen.js'
import { renderGoverning, renderSplit } from './why-screen.js'

/** Votes and backends of one split that are written out. */
const FEW = 2

/** What is decided about every port that is known, by what, and who decided on that. */
export function renderWhyPorts(look: Look, value: JsonReader): string {
  const items = value.objects('ports')
  const route = value.optional('route')
  const asked = `${value.text('caller')} -> ${value.text('callee')}${route === undefined ? '' : ` ${route}`}`
  const denied = value.optionalObject('denied')
  const isOne = items.length <= 1
  const head = denied
    ? `${look.paint('red', 'denied')} ${asked} on every port`
    : `${look.paint('green', 'allowed')} ${asked} on the ports below`
  const because = denied && isOne ? `${renderFields(look, deniedFields(denied))}\n` : ''
  const listed = denied && isOne ? [] : items.map((item) => renderItem(look, value, item))
  return [
    `${head}\n${because}${renderGoverning(look, value.object('governing'))}`,
    ...listed,
    ...value
      .objects('splits')
      .flatMap((split) => renderSplit(look, split, FEW, value.text('callee'))),
    ...(value.flag('complete') ? [] : [look.paint('yellow', 'there is more: ask with --port')]),
  ].join('\n\n')
}

function renderItem(look: Look, value: JsonReader, item: JsonReader): string {
  if (!item.flag('allowed')) {
    const fields = renderFields(look, deniedFields(item.object('denied')))
    return `${look.paint('red', 'denied')} ${renderPorts(item)}\n${fields}`
  }
  const rule = item.object('rule')
  const by = `rule ${rule.text('id')} of ${value.text('callee')} (revision ${rule.count('rev')})`
  const fields = [['by', by] as const, ...madeBy(look, item.optionalObject('authorisation'))]
  return `${look.paint('green', 'allowed')} ${renderGrant(item)}\n${renderFields(look, fields)}`
}

/** In four lines: the rest is on the screen of one port. */
function madeBy(look: Look, found: JsonReader | undefined): readonly Field[] {
  if (!found) return []
  const change = found.object('change')
  const votes = found
    .objects('votes')
    .map((vote) => `${vote.text('voter')} ${vote.text('decision')}`)
  const scope = found.text('scope') || '/'
  return [
    [
      'made by',
      `record ${change.count('seq')} ${change.text('op')}, ${renderTime(change.text('at'), look.now)}`,
    ],
    ['proposed by', change.text('by')],
    ['reason', change.optional('reason')],
    ['decided by', `voters of ${scope}, revision ${found.count('group')}: ${votes.join(', ')}`],
  ]
}
