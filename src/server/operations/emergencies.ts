import { canonicalize } from '../../core/canonical-json.js'
import { ok } from '../../core/result.js'
import { toIso } from '../../core/time.js'
import type { GrantView, UseView } from '../../namespace/emergency/emergency-view.js'
import type { GovernedIndex } from '../../namespace/governed-index.js'
import type { EmergencyGrantJson, EmergencyUseJson } from '../http/emergency-shapes.js'
import type { JsonBody, Operations } from '../operations.js'

/** What some may do at once, because voters said so before. */
export function emergencyOperations(
  index: GovernedIndex,
): Pick<Operations, 'emergencyGrants' | 'invokeEmergency'> {
  return {
    async emergencyGrants() {
      const grants = (await index.emergencyGrants()).map(grantJson)
      const former = (await index.formerUses()).map(({ scope, grant, ...use }) => ({
        ...useJson(use),
        scope,
        grant,
      }))
      return ok({ grants, former })
    },

    async invokeEmergency(envelopes, context) {
      const made = await index.invokeEmergency(envelopes.map(octetsOf))
      if (!made.ok) return made
      const { scope, grant, drill, ...use } = made.value
      context.about({ alias: use.subject })
      return ok({ ...useJson(use), scope, grant, drill })
    },
  }
}

const octetsOf = (envelope: JsonBody): Uint8Array => Buffer.from(canonicalize(envelope), 'utf8')

const useJson = ({ at, until, ratifyBefore, ...use }: UseView): EmergencyUseJson => ({
  ...use,
  at: toIso(at),
  until: toIso(until),
  ratifyBefore: toIso(ratifyBefore),
})

function grantJson({ scope, grant, standing, uses, drilled }: GrantView): EmergencyGrantJson {
  const { uses: most, ...terms } = grant
  return {
    ...terms,
    scope,
    most,
    standing,
    uses: uses.map(useJson),
    ...(drilled !== undefined && { drilled: toIso(drilled) }),
  }
}
