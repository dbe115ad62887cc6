import type { Alias } from '../../core/alias.js'
import { parseRoute, type Route } from '../../namespace/rule/route.js'
import type { Invocation } from '../invocation.js'
import { type Outcome, refused, usage } from '../problem.js'

/** The caller and the callee of one call. */
export function sidesOf(call: Invocation): Outcome<readonly [caller: Alias, callee: Alias]> {
  if (call.word(1) === undefined)
    return usage('a caller and a callee are wanted', { wanted: 'two aliases' })
  const [caller, callee] = [call.alias(0), call.alias(1)]
  if (!caller.ok) return caller
  return callee.ok ? { ok: true, value: [caller.value, callee.value] } : callee
}

export const isHeader = (text: string): boolean => /^[^:\n]+:[^\n]*$/.test(text)

export function portOf(call: Invocation): Outcome<number> {
  const text = call.text('port')
  if (text === undefined) {
    return usage('--port is wanted with --prove', { wanted: 'the port of the callee' })
  }
  const port = Number(text)
  return Number.isInteger(port) && port >= 1 && port <= 65_535
    ? { ok: true, value: port }
    : usage('--port is not a port', { wanted: '1 to 65535' })
}

/** The request, as it was typed and as it is matched; undefined where none is named. */
export function routeOf(
  call: Invocation,
): Outcome<{ readonly text: string; readonly route: Route } | undefined> {
  const [text, headers] = [call.text('route'), call.texts('header')]
  if (!headers.every(isHeader)) return usage('--header cannot be read', { wanted: "'name: value'" })
  if (text === undefined) {
    return headers.length === 0
      ? { ok: true, value: undefined }
      : usage('--header goes with --route')
  }
  const route = parseRoute(text, headers.map(headerOf))
  return route.ok ? { ok: true, value: { text, route: route.value } } : refused(route.refusal)
}

const headerOf = (text: string): readonly [string, string] => {
  const colon = text.indexOf(':')
  return [text.slice(0, colon), text.slice(colon + 1).trim()]
}
