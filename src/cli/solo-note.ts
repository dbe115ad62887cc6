import type { Scope } from '../namespace/scope.js'
import type { Answer } from './command.js'
import type { Invocation } from './invocation.js'
import type { Look } from './screen/look.js'

/** Commands that show the index, or who decides in it, and do not say themselves that one alone does. */
export const saidWhereShown: ReadonlySet<string> = new Set([
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
  'cluster ls',
  'cluster show',
  'group show',
  'authority',
  'envelope show',
  'rules list',
  'splits list',
  'guards list',
  'brake list',
  'emergency list',
  'recovery show',
  'proposal show',
  'stale',
])

/** Their JSON is a file for another command (`capstan envelope set --file`), and nothing is added to it. */
const saidOnScreenAlone: ReadonlySet<string> = new Set(['envelope show'])

export const renderSolo = (look: Look): string =>
  look.paint('yellow', 'solo: one local voter decides everything in this index')

/** Of the scopes above an entry, the root first. */
export const isSolo = ([root]: readonly Scope[]): boolean => root?.group?.solo === true

/** The answer waits so long for what is said beside it. */
const AT_MOST_MS = 2000

/**
 * The answer of a command that shows the index as it is, with a last line, and `solo` in JSON, while one
 * voter decides everything; `solo` is null where that could not be asked. What is proved, or of an
 * earlier moment, is shown as it was asked for.
 */
export async function withSolo(path: string, call: Invocation, given: Answer): Promise<Answer> {
  const isOther = call.has('prove') || call.has('at') || call.has('bundle')
  if (!saidWhereShown.has(path) || isOther) return given
  const isSolo = await isSoloNow(call)
  if (isSolo === false) return given
  const { json } = given
  const isRoom =
    typeof json === 'object' &&
    json !== null &&
    !Array.isArray(json) &&
    !saidOnScreenAlone.has(path)
  const told = { ...given, json: isRoom ? { ...json, solo: isSolo ?? null } : json }
  if (isSolo === undefined) return told
  return {
    ...told,
    screen: (look) => `${given.screen(look).trimEnd()}\n\n${renderSolo(look)}`,
  }
}

/** Undefined where that is not known: the answer is there, and what is said beside it takes nothing away. */
async function isSoloNow(call: Invocation): Promise<boolean | undefined> {
  try {
    const api = await call.operator()
    if (!api.ok) return undefined
    const root = await api.value.readAtOnce('/v1/scopes/_root', AT_MOST_MS)
    return root.ok ? root.value.optionalObject('group')?.value['solo'] === true : undefined
  } catch {
    return undefined
  }
}
