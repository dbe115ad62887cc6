import type { Scope } from '../namespace/scope.js'
import type { Answer } from './command.js'
import type { Invocation } from './invocation.js'
import type { Look } from './screen/look.js'

/** Commands that show the index, or who decides in it, and do not say themselves that one alone does. */
const shown: ReadonlySet<string> = new Set([
  'scope show',
  'scope ls',
  'scope tree',
  'entry show',
  'entry ls',
  'why',
  'permit',
  'reach',
  'callers',
  'resilience',
  'exceptions',
  'inbox',
  'voter votes',
])

export const renderSolo = (look: Look): string =>
  look.paint('yellow', 'solo: one local voter decides everything in this index')

/** Of the scopes above an entry, the root first. */
export const isSolo = ([root]: readonly Scope[]): boolean => root?.group?.solo === true

/**
 * The answer of a command that shows the index as it is, with a last line, and `solo` in JSON, while one
 * voter decides everything. What is proved, or of an earlier moment, is shown as it was asked for.
 */
export async function withSolo(path: string, call: Invocation, given: Answer): Promise<Answer> {
  const isOther = call.has('prove') || call.has('at') || call.has('bundle')
  if (!shown.has(path) || isOther || !(await isSoloNow(call))) return given
  const { json } = given
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json)
  return {
    ...given,
    json: isObject ? { ...json, solo: true } : json,
    screen: (look) => `${given.screen(look).trimEnd()}\n\n${renderSolo(look)}`,
  }
}

async function isSoloNow(call: Invocation): Promise<boolean> {
  const api = await call.operator()
  if (!api.ok) return false
  // The answer is there: whoever cannot say this beside it does not take it away.
  const root = await api.value.read('/v1/scopes/_root').catch(() => undefined)
  const group = root?.ok === true ? root.value.optionalObject('group') : undefined
  return group?.value['solo'] === true
}
