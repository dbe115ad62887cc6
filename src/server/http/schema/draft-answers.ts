import { count } from './scalars.js'
import { anyObject, list, names, orNull, shape, string } from './shape.js'

/** Unsigned proposals, by the name they have in the OpenAPI document. */
export const draftSchemas = {
  Drafts: shape({
    seen: shape({ at: count, nonce: string, meta: anyObject, rows: list(anyObject) }),
    drafts: list(
      shape(
        {
          id: string,
          digest: string,
          scope: string,
          proposal: anyObject,
          impact: anyObject,
          impactDigest: string,
          waits: orNull(string),
        },
        { names },
      ),
    ),
  }),
} as const
