import { count } from './scalars.js'
import { list, reference, shape, string, time } from './shape.js'

/** Answers about brakes, by the name they have in the OpenAPI document. */
export const brakeSchemas = {
  Brake: shape(
    {
      seq: count,
      at: time,
      until: time,
      standing: { enum: ['in-effect', 'over', 'ended'] },
      subject: shape({ alias: string, uid: string, kind: { enum: ['entry', 'scope'] } }),
      scope: string,
      by: list(string),
    },
    { rule: string, voter: string, reason: string, ticket: string },
  ),
  Brakes: shape({ brakes: list(reference('Brake')) }),
} as const
