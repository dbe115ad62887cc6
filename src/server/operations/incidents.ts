import type { UnixSeconds } from '../../core/time.js'
import type { GovernedIndex } from '../../namespace/governed-index.js'
import type { StatusJson } from '../http/shapes.js'

/** What is done at once and ends by itself, or waits for voters to say that it was right. */
export async function incidentsJson(
  index: Pick<GovernedIndex, 'brakes' | 'emergencyGrants' | 'formerUses'>,
  now: UnixSeconds,
): Promise<StatusJson['incidents']> {
  const [brakes, grants] = [await index.brakes(), await index.emergencyGrants()]
  const uses = [...grants.flatMap((grant) => grant.uses), ...(await index.formerUses())]
  return {
    brakes: brakes.filter(({ standing }) => standing === 'in-effect').length,
    grants: uses.filter(({ until }) => now < until).length,
    toRatify: uses.filter(({ ratified, ratifyBefore }) => !ratified && now < ratifyBefore).length,
  }
}
