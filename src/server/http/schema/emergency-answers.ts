import { emergencyActs } from '../../../namespace/emergency/emergency.js'
import { grantStandings } from '../../../namespace/emergency/uses.js'
import { count } from './scalars.js'
import { boolean, list, reference, shape, string, time } from './shape.js'

const act = { enum: emergencyActs }

const use = {
  seq: count,
  at: time,
  until: time,
  ratified: boolean,
  ratifyBefore: time,
  subject: string,
  act,
  by: list(string),
  reason: string,
}

/** Answers about emergency grants, by the name they have in the OpenAPI document. */
export const emergencySchemas = {
  EmergencyUse: shape(use, { ticket: string }),
  Invoked: shape({ ...use, scope: string, grant: string, drill: boolean }, { ticket: string }),
  EmergencyGrant: shape(
    {
      scope: string,
      name: string,
      acts: list(act),
      under: string,
      who: list(string),
      threshold: count,
      longest: count,
      coolDown: count,
      most: count,
      standing: { enum: grantStandings },
      uses: list(reference('EmergencyUse')),
    },
    { drilled: time },
  ),
  FormerUse: shape({ ...use, scope: string, grant: string }, { ticket: string }),
  EmergencyGrants: shape({
    grants: list(reference('EmergencyGrant')),
    former: list(reference('FormerUse')),
  }),
} as const
