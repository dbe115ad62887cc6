import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { segment } from '../operator-api.js'
import type { Outcome } from '../problem.js'
import { provable } from '../proof/prove-by-log.js'
import { limitOption, parseLimit } from './entry-pages.js'
import { renderPermission } from './impact-screen.js'
import { atOption, pageOf, questionPath } from './moment.js'
import { watched } from './watched.js'

type Side = 'reach' | 'callers'

async function ask(call: Invocation, side: Side): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const limit = parseLimit(call.text('limit'))
  if (!limit.ok) return limit
  const api = await call.operator()
  if (!api.ok) return api
  const reached: JsonReader[] = []
  let about: JsonReader | undefined
  let next: string | undefined
  do {
    const query = new URLSearchParams({
      ...(next !== undefined && { after: next }),
      limit: String(pageOf(call, limit.value - reached.length, PAGE)),
    })
    const path = questionPath(call, `entries/${segment(alias.value)}/${side}`, query)
    const page = await watched(call, api.value, api.value.read(path))
    if (!page.ok) return page
    about = page.value
    reached.push(...about.objects('reached'))
    next = about.absent('next') ? undefined : about.raw('next')
  } while (next !== undefined && reached.length < limit.value)
  const { entry, at } = about.value
  const json = {
    entry,
    at,
    reached: reached.map(({ value }) => value),
    ...(next !== undefined && { next }),
  }
  const name = about.text('entry')
  return answer(json, (look) => {
    const lines = reached.flatMap((one) => one.objects('permissions').map(renderPermission))
    if (lines.length === 0) lines.push(nobody(side, name))
    if (next !== undefined) lines.push(look.paint('yellow', 'there may be more: --limit'))
    return lines.join('\n')
  })
}

const nobody = (side: Side, name: string): string =>
  side === 'reach' ? `${name} may call nobody` : `nobody may call ${name}`

/** The server gives no more at a time. */
const PAGE = 1000

const bounds =
  'Looks at the rules of every entry that may be on the other side, page after page, up to the limit.'

export const reachCommands: readonly CommandSpec[] = [
  provable(
    {
      path: 'reach',
      arguments: '<alias>',
      summary: 'whom an entry may call, on which ports and routes, and by which rules',
      details: [bounds],
      options: [limitOption, atOption],
      examples: ['capstan reach web/shop', 'capstan reach web/shop --prove -o reach.proof'],
      run: (call) => ask(call, 'reach'),
    },
    'reach',
  ),
  provable(
    {
      path: 'callers',
      arguments: '<alias>',
      summary: 'who may call an entry, on which ports and routes, and by which rules',
      details: [bounds],
      options: [limitOption, atOption],
      examples: ['capstan callers payments/api'],
      run: (call) => ask(call, 'callers'),
    },
    'callers',
  ),
]
