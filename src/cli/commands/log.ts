import { ROOT } from '../../core/alias.js'
import { replaceUids } from '../../core/uid.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import type { Outcome } from '../problem.js'
import { proveByLog } from '../proof/prove-by-log.js'
import type { Look } from '../screen/look.js'
import { namesSaidBy } from '../screen/said-names.js'
import { renderTime } from '../screen/times.js'
import { atOption, questionPath } from './moment.js'
import { proveAbout, proveBest, proveMisuse, proveOptions } from './prove.js'
import { watched } from './watched.js'

async function log(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const misuse = proveMisuse(call)
  if (misuse) return misuse
  if (call.has('prove')) {
    if (alias.value === ROOT) return proveByLog(call, 'log', log)
    return proveBest(call, 'log', log, () =>
      proveAbout(call, [alias.value], 'all', ([entry = alias.value]) => ({
        ask: 'log',
        alias: entry,
      })),
    )
  }
  const api = await call.operator()
  if (!api.ok) return api
  const path = questionPath(call, 'log', new URLSearchParams({ alias: alias.value }))
  const history = await watched(call, api.value, api.value.read(path))
  if (!history.ok) return history
  const items = history.value.objects('history')
  return answer(history.value.value, (look) =>
    items.map((item) => renderItem(look, item)).join('\n\n'),
  )
}

function renderItem(look: Look, item: JsonReader): string {
  const head = `${look.paint('yellow', `record ${item.count('seq')}`)}  ${look.paint('bold', item.text('op'))}  revision ${item.count('rev')}`
  const [reason, ticket] = [item.optional('reason'), item.optional('ticket')]
  return [
    head,
    `  ${renderTime(item.text('at'), look.now)} by ${item.text('by')} (${item.text('class')})`,
    ...item.texts('votes').map((line) => `  ${line}`),
    ...(reason === undefined ? [] : [`  reason: ${reason}`]),
    ...(ticket === undefined ? [] : [`  ticket: ${ticket}`]),
    ...item.texts('summary').map((line) => `  ${named(line, item)}`),
    look.paint('dim', `  proposal ${item.text('proposal')}`),
  ].join('\n')
}

/**
 * By name, as it was just then. Whoever is not called so any more is told with the uid too: the name may be
 * nobody's by now, or another's.
 */
function named(line: string, item: JsonReader): string {
  const nameOf = namesSaidBy(item)
  const former = item.absent('former') ? [] : item.raws('former')
  return replaceUids(line, (uid) => {
    const name = nameOf(uid)
    if (name === undefined) return uid
    return former.includes(uid) ? `${name} (then ${uid})` : name
  })
}

export const logCommand: CommandSpec = {
  path: 'log',
  arguments: '<alias>',
  summary: 'show everything that was ever decided about an entry, scope or cluster',
  details: [
    'With --prove: all of it, so that whoever verifies it knows that nothing was left out; of a scope, a cluster or a retired entry with the whole log.',
  ],
  options: [atOption, ...proveOptions],
  examples: ['capstan log payments/api', 'capstan log /', 'capstan log payments/api --at 40'],
  run: log,
}
