import { type ConfigNode, leafKeys } from './config-schema.js'
import type { ConfigProblem } from './config-problem.js'
import { closest } from './suggest.js'

export interface Override {
  readonly variable: string
  readonly keys: readonly string[]
  readonly value: string | number | readonly string[]
}

const PREFIX = 'CAPSTAN_'

/** `server.http.rateLimit.perMinute` -> `CAPSTAN_SERVER__HTTP__RATE_LIMIT__PER_MINUTE` */
export function variableOf(keys: readonly string[]): string {
  const sections = keys.map((key) => key.replaceAll(/[A-Z]/g, '_$&').toUpperCase())
  return `${PREFIX}${sections.join('__')}`
}

/**
 * The `CAPSTAN_SECTION__KEY` variables. Kubernetes puts `CAPSTAN_PORT` and the like into every pod
 * beside a Service named capstan, so a variable without `__` that is no key is left alone, unless
 * it looks like a mistyped one.
 */
export function readOverrides(env: Readonly<Record<string, string | undefined>>): {
  readonly overrides: readonly Override[]
  readonly problems: readonly ConfigProblem[]
} {
  const known = new Map(leafKeys().map((leaf) => [variableOf(leaf.keys), leaf]))
  const overrides: Override[] = []
  const problems: ConfigProblem[] = []
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || text === undefined) continue
    const leaf = known.get(variable)
    if (leaf !== undefined) {
      overrides.push({ variable, keys: leaf.keys, value: valueOf(leaf.node, text) })
    } else if (variable.includes('__') || closest(variable, [variableOf(['dataDir'])])) {
      problems.push(unknownVariable(variable, [...known.keys()]))
    }
  }
  return { overrides, problems }
}

function unknownVariable(variable: string, known: readonly string[]): ConfigProblem {
  const near = closest(variable, known)
  const wanted = near === undefined ? {} : { wanted: near }
  return { place: variable, key: '', what: 'no such key', ...wanted }
}

/** Text of a variable as the kind of value its key has; what does not fit stays text, to be refused. */
function valueOf(node: ConfigNode, text: string): string | number | readonly string[] {
  if (node.type === 'array') {
    return text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
  }
  const numeric = node.type === 'integer' || node.anyOf !== undefined
  return numeric && /^\d{1,15}$/.test(text) ? Number(text) : text
}
