import type { JsonSchema } from './json-schema.js'
import { count } from './scalars.js'
import { orNull, shape, string, time } from './shape.js'

/** The issuance log in `Status`. */
export const issuanceStatus = shape({
  size: count,
  logKey: string,
  checkpoint: orNull(shape({ size: count, signedAt: time })),
})

export const issuanceSchemas = {
  VerifiedIssuance: shape({
    size: count,
    root: string,
    compared: count,
    before: count,
    ok: { const: true },
  }),
} as const satisfies Readonly<Record<string, JsonSchema>>
