import type { JsonReader } from '../json-reader.js'
import { type Field, renderFields } from '../screen/fields.js'
import type { Look } from '../screen/look.js'
import { noNames, type SaidName, withNames } from '../screen/said-names.js'
import { renderInstant } from '../screen/times.js'
import { renderLookAlike } from './warnings-screen.js'

const shown = (alias: string): string => (alias === '' ? '/' : alias)

/** What becomes possible and impossible, and who gains and loses what: of a proposal, or of a time. */
export function renderDifference(look: Look, difference: JsonReader): string {
  const permissions = difference.object('permissions')
  const lines = [
    ...permissions.objects('added').map((one) => look.paint('green', `+ ${renderPermission(one)}`)),
    ...permissions.objects('removed').map((one) => look.paint('red', `- ${renderPermission(one)}`)),
    ...difference.objects('entries').flatMap((one) => renderEntry(look, one)),
    // Servers of an earlier version do not say.
    ...(difference.absent('splits') ? [] : difference.objects('splits').flatMap(renderSplit)),
  ]
  if (lines.length === 0) lines.push('no permission, name or certificate is another')
  if (!difference.flag('complete')) {
    lines.push(look.paint('yellow', 'there is more: not all of it was looked at, or is listed'))
  }
  return lines.join('\n')
}

/** `web/shop -> payments/api port 8080 GET /orders* (rule shop)` */
export function renderPermission(permission: JsonReader): string {
  return [
    `${shown(permission.text('caller'))} -> ${shown(permission.text('callee'))}`,
    renderGrant(permission),
    `(rule ${permission.text('rule')})`,
  ].join(' ')
}

/** `port 8080 GET /orders*, until 2027-01-01 00:00Z` */
export function renderGrant(permission: JsonReader): string {
  const routes = permission.absent('routes') ? [] : permission.objects('routes').map(renderRoute)
  const times = (['from', 'until'] as const).flatMap((end) => {
    if (permission.absent(end)) return []
    return [`${end} ${renderInstant(permission.instant(end))}`]
  })
  return [[renderPorts(permission), ...routes].join(' '), ...times].join(', ')
}

export function renderPorts(permission: JsonReader): string {
  const ports = permission.absent('ports') ? [] : permission.portRanges('ports')
  return `port ${ports.join(',')}`
}

function renderRoute(route: JsonReader): string {
  const path = route.object('path')
  const where = path.absent('prefix') ? path.text('exact') : `${path.text('prefix')}*`
  const headers = route.absent('headers') ? [] : route.objects('headers')
  const fields = headers.map((header) => ` ${header.text('name')}=${header.text('value')}`)
  return `${route.optional('method') ?? 'any'} ${where}${fields.join('')}`
}

function renderEntry(look: Look, entry: JsonReader): readonly string[] {
  const was = entry.optional('was')
  const names = entry.object('names')
  const certificates = entry.text('certificates')
  const head = was === undefined ? entry.text('alias') : `${entry.text('alias')} (was ${was})`
  const said = certificates === 'gained' || certificates === 'lost'
  const fields: readonly Field[] = [
    ['certificates', said ? paintChange(look, certificates) : undefined],
    ['gains', names.texts('gained')],
    ['loses', names.texts('lost')],
    ['wider', entry.texts('wider').join(', ')],
    ['narrower', entry.texts('narrower').join(', ')],
  ]
  return [look.paint('bold', head), ...renderFields(look, fields).split('\n').map(indent)]
}

/** `traffic of payments/api port 8080`, and below it `payments/v2  10 -> 90`, a line for each backend */
function renderSplit(split: JsonReader): readonly string[] {
  const lines = split.objects('backends').map((one) => {
    const port = one.absent('port') ? '' : ` port ${one.count('port')}`
    return `  ${one.text('entry')}${port} ${weightOf(one, 'before')} -> ${weightOf(one, 'after')}`
  })
  return [`traffic of ${split.text('alias')} port ${split.count('port')}, by weight`, ...lines]
}

const weightOf = (backend: JsonReader, side: 'before' | 'after'): string =>
  backend.absent(side) ? 'none' : String(backend.count(side))

const paintChange = (look: Look, change: string): string =>
  look.paint(change === 'lost' ? 'red' : 'green', change)

const indent = (line: string): string => `  ${line}`

/** `changed entry payments/api: rules` */
export function renderObjects(difference: JsonReader): readonly string[] {
  return difference.objects('objects').map((one) => {
    const fields = one.texts('fields').join(', ')
    const head = `${one.text('change')} ${one.text('kind')} ${shown(one.text('alias'))}`
    return fields === '' ? head : `${head}: ${fields}`
  })
}

/** All of an impact, under its digest. What it has by uid is told with the name that `nameOf` says. */
export function renderImpact(
  look: Look,
  impact: JsonReader,
  digest: string,
  nameOf: SaidName = noNames,
): string {
  const alike = impact.absent('lookAlikes') ? [] : impact.objects('lookAlikes')
  const fields = renderFields(look, [
    ['class', impact.text('class')],
    ['objects', renderObjects(impact)],
    ['looks like', alike.map((one) => look.paint('yellow', renderLookAlike(one)))],
    ['digest', digest],
  ])
  return withNames(`${fields}\n${renderDifference(look, impact)}`, nameOf)
}
