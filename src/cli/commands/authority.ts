import { type Alias, ROOT } from '../../core/alias.js'
import type { Operation } from '../../namespace/operation.js'
import { classesOf } from '../../namespace/questions/authority.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { segment } from '../operator-api.js'
import { type Outcome, usage } from '../problem.js'
import { provable, proveByLog } from '../proof/prove-by-log.js'
import { renderFields } from '../screen/fields.js'
import type { Look } from '../screen/look.js'
import { cell, renderTable, timeCell } from '../screen/table.js'
import { renderTime } from '../screen/times.js'
import { atOption, questionPath } from './moment.js'
import { proveAbout, proveBest, proveMisuse, proveOptions } from './prove.js'
import { watched } from './watched.js'

const shown = (alias: string): string => (alias === '' ? '/' : alias)

async function authority(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const op = call.word(1)
  const misuse = proveMisuse(call)
  if (misuse) return misuse
  if (call.has('prove')) {
    return proveBest(call, 'authority', authority, () => proveAuthority(call, alias.value, op))
  }
  const query = new URLSearchParams({
    ...(alias.value !== '' && { alias: alias.value }),
    ...(op !== undefined && { op }),
  })
  const api = await call.operator()
  if (!api.ok) return api
  const path = questionPath(call, 'authority', query)
  const found = await watched(call, api.value, api.value.read(path))
  if (!found.ok) return found
  return answer(found.value.value, (look) => renderAuthority(look, found.value))
}

/** By the bundle of an entry: a name that is nobody's, or a scope's, has none. */
async function proveAuthority(
  call: Invocation,
  alias: Alias,
  op: string | undefined,
): Promise<Outcome<Answer>> {
  const known = operations.find((one) => one === op)
  if (op !== undefined && known === undefined) {
    return usage('this is no operation', { wanted: operations.join(', ') })
  }
  if (alias === ROOT) return proveByLog(call, 'authority', authority)
  return proveAbout(call, [alias], 'needed', ([entry = alias]) => ({
    ask: 'authority',
    alias: entry,
    ...(known && { op: known }),
  }))
}

const operations = Object.keys(classesOf) as Operation['op'][]

export function renderAuthority(look: Look, found: JsonReader): string {
  const solo = found.flag('solo') ? ' (solo: one voter decides alone)' : ''
  const guards = found.objects('guards').map((one) => {
    const guard = one.object('guard')
    return `${guard.text('id')} of ${shown(one.text('scope'))}: ${guard.text('effect')}`
  })
  const fields = renderFields(look, [
    [
      'decided by',
      `voters of ${shown(found.text('scope'))}, revision ${found.count('group')}${solo}`,
    ],
    ['voters', found.objects('voters').map(renderVoter)],
    ['may propose', found.texts('proposers').join(', ')],
    ['guards', guards.length > 0 ? guards : 'none above it'],
  ])
  const table = renderTable(
    look,
    ['CLASS', 'WEIGHT', 'PEOPLE', 'TIMELOCK', 'ENOUGH'].map((title) => ({ title })),
    found
      .objects('classes')
      .map((one) => [
        cell(one.text('class')),
        cell(String(one.count('threshold'))),
        cell(String(one.count('controllers'))),
        cell(one.count('timelock') === 0 ? '-' : `${one.count('timelock')} s`),
        cell(renderCoalitions(one)),
      ]),
  )
  const seconded = found.objects('classes').some((one) => one.flag('seconded'))
  const note = seconded
    ? '\nsensitive and structural changes need somebody beside whoever proposed them'
    : ''
  return `${fields}\n\n${table}${note}`
}

const renderVoter = (voter: JsonReader): string => {
  const state = voter.text('status') === 'active' ? '' : `, ${voter.text('status')}`
  return `${voter.text('id')} (${voter.text('controller')}) ${voter.count('weight')}${state}`
}

/** So many are written out; the rest is in the JSON. */
const FEW = 4

function renderCoalitions(one: JsonReader): string {
  const coalitions = one.textLists('coalitions')
  if (coalitions.length === 0) return one.flag('complete') ? 'nobody can' : '(not reckoned)'
  const some = coalitions.slice(0, FEW).map((ids) => ids.join('+'))
  const isAll = coalitions.length <= FEW && one.flag('complete')
  return isAll ? some.join(', ') : `${some.join(', ')}, ...`
}

async function resilience(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const without = call.texts('without').flatMap((text) => text.split(','))
  const query = new URLSearchParams(without.length === 0 ? {} : { without: without.join(',') })
  const api = await call.operator()
  if (!api.ok) return api
  const path = questionPath(call, `scopes/${segment(alias.value)}/resilience`, query)
  const found = await watched(call, api.value, api.value.read(path))
  if (!found.ok) return found
  return answer(found.value.value, (look) => renderResilience(look, found.value))
}

function renderResilience(look: Look, found: JsonReader): string {
  const recovery = found.optionalObject('recovery')
  const fields = renderFields(look, [
    ['decided by', `voters of ${shown(found.text('scope'))}, revision ${found.count('group')}`],
    ['left', found.texts('voters').join(', ') || 'nobody'],
    ['keys end', keysEndOf(look, found)],
    [
      'recovery',
      recovery
        ? `voters of ${shown(recovery.text('scope'))} may give it others${recovery.flag('able') ? '' : ', and cannot decide that'}`
        : 'nobody is above the root',
    ],
    ['recovery set', recoverySetOf(look, found.optionalObject('recoverySet'))],
    ['emergency', found.objects('grants').map((one) => grantOf(look, one))],
  ])
  const table = renderTable(
    look,
    ['CLASS', 'POSSIBLE', 'MAY LOSE', 'CANNOT DO WITHOUT', 'KEYS LAST UNTIL'].map((title) => ({
      title,
    })),
    found.objects('classes').map((one) => {
      const possible = one.flag('possible')
      return [
        cell(one.text('class')),
        cell(possible ? 'yes' : 'no', (text) => look.paint(possible ? 'green' : 'red', text)),
        cell(possible ? `any ${one.count('survives')}` : '-'),
        cell(one.texts('needs').join(', ') || '-'),
        timeCell(one.optional('until'), look),
      ]
    }),
  )
  return `${fields}\n\n${table}`
}

/** Of a server of an earlier version nobody knows. */
const keysEndOf = (look: Look, found: JsonReader): readonly string[] =>
  found.absent('keysEnd')
    ? []
    : found
        .objects('keysEnd')
        .map((one) => `${one.text('voter')} ${renderTime(one.text('at'), look.now)}`)

function grantOf(look: Look, grant: JsonReader): string {
  const drilled = grant.optional('drilled')
  const when = drilled === undefined ? 'never drilled' : `drilled ${renderTime(drilled, look.now)}`
  return `grant ${grant.text('name')}, ${when}`
}

function recoverySetOf(look: Look, set: JsonReader | undefined): string {
  if (!set) return look.paint('yellow', 'none has been named')
  const holders = set.texts('holders')
  const until = set.optional('until')
  const keys = until === undefined ? '' : `, while keys last: until ${renderTime(until, look.now)}`
  const able = set.absent('able') || set.flag('able')
  return [
    `${set.count('threshold')} of ${holders.length} (${holders.join(', ')})`,
    `, after ${set.count('delay') / 3600} h${keys}`,
    able ? '' : look.paint('red', ', and too few have a key that signs'),
  ].join('')
}

export const authorityCommands: readonly CommandSpec[] = [
  {
    path: 'authority',
    arguments: '<alias> [op]',
    summary: 'who may change something: voters, what it takes by class, guards, and who is enough',
    details: [
      'Of a name that there is, or that there could be. With an operation (rule.attach), only the classes that it may have; which one, its before and after say.',
    ],
    options: [atOption, ...proveOptions],
    examples: ['capstan authority payments/api', 'capstan authority payments/api rule.attach'],
    run: authority,
  },
  provable(
    {
      path: 'resilience',
      arguments: '<scope>',
      summary: 'can a scope still decide when voters are lost, and who could help',
      options: [
        {
          flags: '--without <voters>',
          description: 'as if these were gone: ann,bob',
          repeat: 'many',
        },
        atOption,
      ],
      examples: ['capstan resilience /', 'capstan resilience payments --without ann,bob'],
      run: resilience,
    },
    'resilience',
  ),
]
