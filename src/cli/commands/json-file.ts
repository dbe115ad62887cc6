import { JsonReader } from '../json-reader.js'
import { type Outcome, usage } from '../problem.js'

/** What `--json` printed to a file; `made` says by which command, where there is one. */
export function jsonOf(octets: Buffer, name: string, made?: string): Outcome<JsonReader> {
  const next = made === undefined ? {} : { next: made }
  let value: unknown
  try {
    value = JSON.parse(octets.toString('utf8'))
  } catch {
    return usage(`${name} is not JSON`, next)
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return usage(`${name} holds no JSON object`, next)
  }
  return { ok: true, value: new JsonReader(value, name, 'file') }
}
