import type { UnixSeconds } from '../../core/time.js'
import { visible } from '../../core/visible.js'
import type { OptionSpec } from '../command.js'
import { aliasOf, type Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { type Outcome, usage } from '../problem.js'
import { parseInstant } from '../screen/times.js'
import { parsePorts, showPorts } from './envelope-fields.js'

export const ruleOptions: readonly OptionSpec[] = [
  { flags: '--caller <alias>', description: 'an entry that may call', repeat: 'many' },
  {
    flags: '--subtree <alias>',
    description: 'a scope whose entries all may call (/ for every entry)',
    repeat: 'many',
  },
  { flags: '--port <list>', description: 'ports of the callee: 443,8000-8080' },
  {
    flags: '--proto <protocol>',
    description: 'what is spoken there (default: http)',
    choices: ['http', 'grpc', 'opaque'],
  },
  {
    flags: '--route <route>',
    description: "one path, with or without a method: 'GET /orders'",
    repeat: 'many',
  },
  {
    flags: '--prefix <route>',
    description: "a path and what is below it: 'GET /orders'",
    repeat: 'many',
  },
  { flags: '--from <instant>', description: 'when it begins, for example 2027-01-01T00:00:00Z' },
  { flags: '--until <instant>', description: 'when it ends' },
]

/** The rule that the options ask for. What its values are worth, the server says. */
export function ruleFromOptions(call: Invocation): Outcome<Readonly<Record<string, unknown>>> {
  const callers: unknown[] = []
  for (const text of call.texts('caller')) {
    const alias = aliasOf(text)
    if (!alias.ok) return alias
    callers.push(alias.value)
  }
  for (const text of call.texts('subtree')) {
    const alias = aliasOf(text)
    if (!alias.ok) return alias
    callers.push({ subtree: alias.value })
  }
  const ports = portList(call.text('port') ?? '', 'port')
  if (!ports.ok) return ports
  if (callers.length === 0 || ports.value.length === 0) {
    return usage('a rule needs callers and ports', {
      wanted: '--caller or --subtree, and --port; or all of it in a --file',
    })
  }
  const routes = [...routesOf(call, 'route', 'exact'), ...routesOf(call, 'prefix', 'prefix')]
  const single = ['proto', 'from', 'until'].flatMap((name) => {
    const text = call.text(name)
    return text === undefined ? [] : [[name, text] as const]
  })
  const rule = { callers, ports: ports.value, ...Object.fromEntries(single) }
  return { ok: true, value: routes.length > 0 ? { ...rule, routes } : rule }
}

/** `443,8000-8080` */
export function portList(
  text: string,
  option: string,
): Outcome<readonly (readonly [number, number])[]> {
  const ranges: (readonly [number, number])[] = []
  for (const item of text.split(',').filter((part) => part.trim() !== '')) {
    const range = parsePorts(item.trim())
    if (range === undefined) {
      return usage(`--${option} cannot be read`, {
        wanted: '443 or 8000-8080',
        found: JSON.stringify(item.slice(0, 40)),
      })
    }
    ranges.push(range)
  }
  return { ok: true, value: ranges }
}

function routesOf(
  call: Invocation,
  option: 'route' | 'prefix',
  kind: 'exact' | 'prefix',
): readonly Readonly<Record<string, unknown>>[] {
  return call.texts(option).map((text) => {
    const cut = text.indexOf(' ')
    const path = { [kind]: text.slice(cut + 1) }
    return cut === -1 ? { path } : { method: text.slice(0, cut), path }
  })
}

/** One rule on a few lines. */
export function showCallers(rule: JsonReader): string {
  return listOf(rule.value['callers'])
    .map((caller) => {
      if (typeof caller === 'string') return visible(caller)
      const subtree = memberOf(caller, 'subtree')
      return subtree === '' ? 'every entry' : `${visible(String(subtree))}/...`
    })
    .join(', ')
}

export const showPortRanges = (rule: JsonReader): string =>
  listOf(rule.value['ports']).map(showPorts).join(', ')

export function showRoutes(rule: JsonReader): string {
  if (rule.absent('routes')) return 'everything'
  return rule
    .objects('routes')
    .map((route) => {
      const path = route.object('path')
      const where = path.absent('exact') ? `${path.text('prefix')} and below` : path.text('exact')
      const headers = route.absent('headers')
        ? []
        : route.objects('headers').map((one) => `${one.text('name')}: ${one.text('value')}`)
      const fields = headers.length > 0 ? ` with ${headers.join(', ')}` : ''
      return `${route.optional('method') ?? 'any'} ${where}${fields}`
    })
    .join('; ')
}

export function showTimes(rule: JsonReader, now: UnixSeconds): string {
  const braked = rule.optionalObject('brake')?.text('until')
  if (braked !== undefined && now < (parseInstant(braked) ?? now)) return `braked until ${braked}`
  const [from, until] = [rule.optional('from'), rule.optional('until')]
  if (from === undefined) return until === undefined ? 'always' : `until ${until}`
  return until === undefined ? `from ${from}` : `${from} to ${until}`
}

/** `web`, or `emergency-41 (grant oncall)` */
export function showRuleId(rule: JsonReader): string {
  const grant = rule.optional('emergency')
  return grant === undefined ? rule.text('id') : `${rule.text('id')} (grant ${grant})`
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const memberOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined
