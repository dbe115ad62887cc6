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
const denied = shape(
  { condition: { enum: conditions }, detail: string },
  {
    guard: string,
    change: shape({ kind: string, alias: string, decidedBy: string }, { owner: string }),
  },
)
const permitExtras = {
  route: string,
  rule: shape({ id: string, rev: count }),
  denied,
}

const ports = list({ type: 'array', items: count, minItems: 2, maxItems: 2 })
const ceiling = shape({
  regions: list(string),
  ports,
  narrowedBy: list(string),
})
const guard = shape({ scope: string, guard: { ...anyObject, required: ['id', 'effect'] } })

const governing = shape({
  ceilings: shape({ caller: ceiling, callee: ceiling }),
  guards: list(guard),
})
const split = shape(
  {
    port: count,
    backendRefs: list(shape({ entry: string, weight: count }, { port: count })),
    authorisation: orNull(reference('DecidedChange')),
  },
  { notLookedAt: count },
)

/** Of decisions about a call. */
export const permitSchemas = {
  Permit: shape(permit, permitExtras),
  Why: shape(
    {
      ...permit,
      governing,
      authorisation: orNull(reference('Authorisation')),
      split: orNull(split),
      checkpoint: orNull(shape({ size: count, root: string })),
    },
    permitExtras,
  ),
  WhyPorts: shape(
    {
      allowed: boolean,
      caller: string,
      callee: string,
      at: time,
      ports: list(
        shape(
          { ports, allowed: boolean },
          {
            rule: shape({ id: string, rev: count }),
            routes: list(anyObject),
            until: count,
            authorisation: orNull(reference('DecidedChange')),
            denied,
          },
        ),
      ),
      denied: orNull(denied),
      governing,
      splits: list(split),
      complete: boolean,
    },
    { route: string },
  ),
}
