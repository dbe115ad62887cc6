import { answer, type Answer, type CommandSpec } from '../command.js'
import { aliasOf, type Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import type { Outcome } from '../problem.js'
import { provable } from '../proof/prove-by-log.js'
import type { Look } from '../screen/look.js'
import { renderTime } from '../screen/times.js'
import { renderDifference, renderObjects } from './impact-screen.js'
import { watched } from './watched.js'

async function diff(call: Invocation): Promise<Outcome<Answer>> {
  const scope = aliasOf(call.word(2) ?? '/')
  if (!scope.ok) return scope
  const query = new URLSearchParams({
    from: call.word(0) ?? '',
    to: call.word(1) ?? '',
    ...(scope.value !== '' && { scope: scope.value }),
  })
  const api = await call.operator()
  if (!api.ok) return api
  const found = await watched(call, api.value, api.value.read(`/v1/diff?${query.toString()}`))
  if (!found.ok) return found
  return answer(found.value.value, (look) => renderDiff(look, found.value))
}

function renderDiff(look: Look, found: JsonReader): string {
  const objects = renderObjects(found)
  return [
    `from ${renderMoment(look, found.object('from'))}`,
    `to   ${renderMoment(look, found.object('to'))}`,
    ...(objects.length > 0 ? objects : ['no object was changed']),
    renderDifference(look, found),
  ].join('\n')
}

const renderMoment = (look: Look, moment: JsonReader): string =>
  `${moment.count('size')} records, ${renderTime(moment.text('at'), look.now)}`

export const diffCommand: CommandSpec = provable(
  {
    path: 'diff',
    arguments: '<from> <to> [scope]',
    summary:
      'what was changed between two moments: who may call whom, names, certificates, objects',
    details: [
      'A moment is a number of records (capstan status has the present one) or a time. Reads the log again, and verifies it; both moments are looked at as of the later one, so that what only ended by its own time is no difference.',
    ],
    examples: [
      'capstan diff 12 40',
      'capstan diff 2026-11-01T00:00:00Z 2026-11-21T00:00:00Z payments',
    ],
    run: diff,
  },
  'diff',
)
