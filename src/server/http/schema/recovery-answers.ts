import { recoveryStandings } from '../../../namespace/recovery/recovery.js'
import { count } from './scalars.js'
import { anyObject, list, reference, shape, string, time } from './shape.js'

const standing = { enum: recoveryStandings }

/** A recovery, as the scope that it is about shows it. */
export const recoveryMark = { standing, since: time, due: time, holders: list(string) }

/** Answers about recoveries, by the name they have in the OpenAPI document. */
export const recoverySchemas = {
  Recovery: shape(
    {
      scope: shape({ alias: string, uid: string }),
      standing,
      from: count,
      statement: string,
      holders: list(string),
      seq: count,
      since: time,
      due: time,
      lapses: time,
      group: anyObject,
    },
    {
      cancelled: shape({ at: time, again: time }),
      finished: time,
      reason: string,
      ticket: string,
    },
  ),
  Recoveries: shape({ recoveries: list(reference('Recovery')) }),
} as const
