import { parseYaml } from '../../config/yaml-source.js'
import type { Invocation } from '../invocation.js'
import { type Outcome, usage } from '../problem.js'

/** A mapping from a YAML or JSON file; `what` is what it should be. */
export async function mappingFromFile(
  call: Invocation,
  name: string,
  what: string,
): Promise<Outcome<Readonly<Record<string, unknown>>>> {
  const text = await call.file(name)
  if (!text.ok) return text
  const parsed = parseYaml(text.value.toString('utf8'))
  if (!parsed.ok) {
    const found = parsed.problems.map(({ line, what: fault }) => `${name}:${line}: ${fault}`)
    return usage(`${name} is not YAML`, { found: found.join('\n') })
  }
  const { value } = parsed.source
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return usage(`${name} is no ${what}`, { wanted: `a mapping of ${what} fields` })
  }
  return { ok: true, value: value as Readonly<Record<string, unknown>> }
}
