import { conditions } from '../../../namespace/permit/decision.js'
import { count } from './scalars.js'
import { anyObject, boolean, list, orNull, reference, shape, string, time } from './shape.js'

const permit = {
  allowed: boolean,
  caller: string,
  callee: string,
  port: count,
  at: time,
}
const permitExtras = {
  route: string,
  rule: shape({ id: string, rev: count }),
  denied: shape(
    { condition: { enum: conditions }, detail: string },
    {
      guard: string,
      change: shape({ kind: string, alias: string, decidedBy: string }, { owner: string }),
    },
  ),
}

const ceiling = shape({
  regions: list(string),
  ports: list({ type: 'array', items: count, minItems: 2, maxItems: 2 }),
  narrowedBy: list(string),
})
const guard = shape({ scope: string, guard: { ...anyObject, required: ['id', 'effect'] } })

/** Of decisions about a call. */
export const permitSchemas = {
  Permit: shape(permit, permitExtras),
  Why: shape(
    {
      ...permit,
      governing: shape({
        ceilings: shape({ caller: ceiling, callee: ceiling }),
        guards: list(guard),
      }),
      authorisation: orNull(reference('Authorisation')),
      split: orNull(
        shape({
          port: count,
          backendRefs: list(shape({ entry: string, weight: count }, { port: count })),
          authorisation: orNull(reference('DecidedChange')),
        }),
      ),
      checkpoint: orNull(shape({ size: count, root: string })),
    },
    permitExtras,
  ),
}
