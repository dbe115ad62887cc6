import { canonicalize } from '../core/canonical-json.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'

/** Can this be written as canonical JSON? What no schema can say: no lone surrogate, no -0. */
export function isSignable(value: unknown): Result<undefined, Refusal<'namespace.malformed'>> {
  try {
    canonicalize(value)
    return ok()
  } catch {
    return refuse('namespace.malformed', 'this cannot be written as canonical JSON', {
      wanted: 'well-formed Unicode and safe integers',
    })
  }
}
