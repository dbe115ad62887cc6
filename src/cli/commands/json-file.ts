import { JsonReader } from '../json-reader.js'
import { type Outcome, usage } from '../problem.js'

/** What `--json` printed to a file. */
export function jsonOf(octets: Buffer, name: string): Outcome<JsonReader> {
  try {
    return { ok: true, value: new JsonReader(JSON.parse(octets.toString('utf8')), name) }
  } catch {
    return usage(`${name} is not JSON`, { next: 'capstan proposal show ID --json > FILE' })
  }
}
