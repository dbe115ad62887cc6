import { parseDuration, renderDuration } from '../../config/duration.js'
import { visible } from '../../core/visible.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import { aliasOf, type Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { segment } from '../operator-api.js'
import { type Outcome, usage } from '../problem.js'
import { cell, renderTable } from '../screen/table.js'
import { changeOptions, sendChange } from './change.js'
import { mappingFromFile } from './mapping-file.js'
import { portList, showPortRanges } from './rule-fields.js'

type Fields = Readonly<Record<string, unknown>>

/** The one thing that the options ask for. */
function guardFromOptions(call: Invocation): Outcome<Fields> {
  const asked = ['forbid', 'maxTtl', 'requireRoutes', 'minThreshold', 'minControllers'].filter(
    (option) => call.has(option),
  )
  const [effect, ...more] = asked
  if (effect === undefined || more.length > 0) {
    return usage('a guard does one thing', {
      wanted:
        'one of --forbid, --max-ttl, --require-routes, --min-threshold, --min-controllers; or a --file',
    })
  }
  switch (effect) {
    case 'forbid':
      return forbidding(call)
    case 'maxTtl': {
      const text = call.text('maxTtl') ?? ''
      const maxTtl = parseDuration(text)
      if (maxTtl !== undefined) return { ok: true, value: { effect, maxTtl } }
      return usage('--max-ttl is not a duration', { wanted: '10m or 24h' })
    }
    case 'requireRoutes':
      return { ok: true, value: { effect } }
    default:
      return leastOf(call, effect)
  }
}

function forbidding(call: Invocation): Outcome<Fields> {
  const guard: Record<string, unknown> = { effect: 'forbid' }
  for (const field of ['callers', 'callees']) {
    const text = call.text(field)
    if (text === undefined) continue
    const regions: string[] = []
    for (const item of text.split(',')) {
      const alias = aliasOf(item.trim())
      if (!alias.ok) return alias
      regions.push(alias.value)
    }
    guard[field] = regions
  }
  const text = call.text('ports')
  if (text === undefined) return { ok: true, value: guard }
  const ports = portList(text, 'ports')
  return ports.ok ? { ok: true, value: { ...guard, ports: ports.value } } : ports
}

/** `sensitive=2` */
function leastOf(call: Invocation, effect: string): Outcome<Fields> {
  const least: Record<string, number> = {}
  for (const text of call.texts(effect)) {
    const [, name, number] = /^([a-z]+)=(\d{1,7})$/.exec(text) ?? []
    if (name === undefined) {
      return usage('not the least for a class', {
        wanted: 'CLASS=NUMBER, for example sensitive=2',
        found: JSON.stringify(text.slice(0, 60)),
      })
    }
    least[name] = Number(number)
  }
  return { ok: true, value: { effect, least } }
}

async function set(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const file = call.text('file')
  const guard =
    file === undefined ? guardFromOptions(call) : await mappingFromFile(call, file, 'guard')
  if (!guard.ok) return guard
  const id = call.word(1)
  return sendChange(call, { op: 'guard.set', alias: alias.value, guard: { ...guard.value, id } })
}

async function clear(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  return sendChange(call, { op: 'guard.clear', alias: alias.value, guard: call.word(1) ?? '' })
}

async function list(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const api = await call.operator()
  if (!api.ok) return api
  const found = await api.value.read(`/v1/scopes/${segment(alias.value)}/guards`)
  if (!found.ok) return found
  const guards = found.value.objects('guards')
  return answer(found.value.value, (look) => {
    if (guards.length === 0) return 'no guards'
    const columns = [{ title: 'scope' }, { title: 'guard' }, { title: 'what it takes away' }]
    const rows = guards.map((item) => {
      const guard = item.object('guard')
      const scope = item.text('scope')
      return [cell(scope === '' ? '/' : scope), cell(guard.text('id')), cell(showGuard(guard))]
    })
    return renderTable(look, columns, rows)
  })
}

function showGuard(guard: JsonReader): string {
  const effect = guard.text('effect')
  switch (effect) {
    case 'forbid': {
      const ports = guard.absent('ports') ? 'any port' : `port ${showPortRanges(guard)}`
      return `calls of ${regionsOf(guard, 'callers')} to ${regionsOf(guard, 'callees')} on ${ports}`
    }
    case 'maxTtl':
      return `certificates that live longer than ${renderDuration(guard.length('maxTtl'))}`
    case 'requireRoutes':
      return 'rules without routes'
    case 'minThreshold':
    case 'minControllers': {
      const { value } = guard.object('least')
      const least = Object.entries(value).map(([name, number]) => `${name} ${String(number)}`)
      const what = effect === 'minThreshold' ? 'weight' : 'controllers'
      return `changes with less ${what} behind them: ${visible(least.join(', '))}`
    }
    default:
      return effect
  }
}

const regionsOf = (guard: JsonReader, field: string): string =>
  guard.absent(field)
    ? 'anybody'
    : guard
        .texts(field)
        .map((region) => (region === '' ? 'anybody' : region))
        .join(', ')

export const guardCommands: readonly CommandSpec[] = [
  {
    path: 'guards set',
    arguments: '<scope> <id>',
    summary: 'take something away from everything below a scope, whatever is decided there',
    details: [
      'Guards only forbid, and no rule or envelope below can lift them. The root scope is written /.',
      '--forbid alone forbids every call to and from everything below the scope.',
    ],
    options: [
      { flags: '--forbid', description: 'calls to and from what is below, all or as follows' },
      { flags: '--callers <list>', description: 'only of entries in these regions' },
      { flags: '--callees <list>', description: 'only to entries in these regions' },
      { flags: '--ports <list>', description: 'only on these ports: 22,8000-8080' },
      { flags: '--max-ttl <duration>', description: 'certificates that live longer' },
      { flags: '--require-routes', description: 'rules without routes' },
      {
        flags: '--min-threshold <class=weight>',
        description: 'changes of a class with less weight behind them',
        repeat: 'many',
      },
      {
        flags: '--min-controllers <class=number>',
        description: 'changes of a class with fewer people behind them',
        repeat: 'many',
      },
      {
        flags: '-f, --file <file>',
        description: 'the whole guard, as YAML or JSON (- for standard input)',
      },
      ...changeOptions,
    ],
    examples: [
      'capstan guards set / no-telnet --forbid --ports 23',
      'capstan guards set payments no-web --forbid --callers web --callees payments',
      'capstan guards set payments hour --max-ttl 1h',
      'capstan guards set payments two-people --min-controllers sensitive=2 --min-controllers structural=2',
    ],
    run: set,
  },
  {
    path: 'guards clear',
    arguments: '<scope> <id>',
    summary: 'lift a guard',
    options: changeOptions,
    examples: ['capstan guards clear payments no-web --reason "the web tier moved"'],
    run: clear,
  },
  {
    path: 'guards list',
    arguments: '[scope]',
    summary: 'show the guards of a scope and of those above it',
    examples: ['capstan guards list payments', 'capstan guards list /'],
    run: list,
  },
]
