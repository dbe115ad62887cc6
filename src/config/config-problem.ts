import type { Refusal } from '../core/refusal.js'
import { visible } from '../core/visible.js'

/** One thing that is wrong with the configuration. Never holds a value from under `keys`. */
export interface ConfigProblem {
  /** `capstan.yaml:12`, or the name of an environment variable. */
  readonly place: string
  /** `server.http.listen` */
  readonly key: string
  readonly what: string
  readonly wanted?: string
  readonly found?: string
}

/** Every problem at once; `detail` counts them and `found` lists them, one a line. */
export interface ConfigRefusal extends Refusal<'config.malformed'> {
  readonly problems: readonly ConfigProblem[]
}

export function configRefusal(problems: readonly ConfigProblem[]): {
  readonly ok: false
  readonly refusal: ConfigRefusal
} {
  return {
    ok: false,
    refusal: {
      code: 'config.malformed',
      detail: `the configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}`,
      found: problems.map(renderConfigProblem).join('\n'),
      next: 'capstan config check, after correcting it',
      problems,
    },
  }
}

/** `capstan.yaml:12: server.http.listen: wanted ADDRESS:PORT ..., found "x"`: one line, whatever a key holds. */
export function renderConfigProblem(problem: ConfigProblem): string {
  const parts = [
    problem.what,
    problem.wanted === undefined ? '' : `wanted ${problem.wanted}`,
    problem.found === undefined ? '' : `found ${problem.found}`,
  ].filter((part) => part !== '')
  const key = problem.key === '' ? '' : `${problem.key}: `
  return visible(`${problem.place}: ${key}${parts.join(', ')}`)
}

/** How a value may be shown. What stands under `keys` might be a secret in the wrong place. */
export function showFound(keys: readonly string[], value: unknown): string {
  if (value !== null && typeof value === 'object')
    return Array.isArray(value) ? 'a list' : 'a section'
  if (keys[0] === 'keys' && typeof value === 'string') return `a text of ${value.length} characters`
  const text = JSON.stringify(value) as string | undefined
  return (text ?? 'nothing').slice(0, 60)
}
