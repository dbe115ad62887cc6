import { days } from '../core/time.js'
import type { Brake, Group, Proposer, Voter } from './group.js'
import type { GroupRequest, GroupTerms } from './operation.js'
import { DEFAULT_DELAY } from './recovery/recovery.js'
import { people } from './sound-group.js'

const DEFAULT_BRAKE: Brake = { ttl: days(1), perWeek: 10 }

/**
 * What a group is where nobody says otherwise: more than half for what is routine or sensitive, two
 * thirds for what is structural, and two people for both of the latter; any voter may narrow, and use
 * the brake for a day, ten times a week. Whoever could propose before still can, and the recovery set
 * and the emergency grants stay what they were.
 */
export function completed(
  { recovery, emergency: grants, ...asked }: GroupRequest,
  before: Group | null,
): GroupTerms {
  const active = asked.voters.filter(({ status }) => status === 'active')
  const total = active.reduce((sum, { weight }) => sum + weight, 0)
  const half = Math.floor(total / 2) + 1
  const lightest = Math.min(...active.map(({ weight }) => weight))
  const persons = people(asked)
  const alone = persons.some(([, weight]) => weight >= half)
  const threshold = {
    narrowing: lightest,
    routine: half,
    sensitive: half,
    structural: Math.max(half, Math.ceil((2 * total) / 3)),
    emergency: lightest,
  }
  const two = Math.min(2, persons.length)
  const { emergency, routine } = asked.threshold ?? threshold
  return {
    threshold,
    // Where it takes more than what is routine it is no brake, and is said by whoever wants it.
    ...(!(asked.solo ?? alone) && emergency <= routine && { brake: DEFAULT_BRAKE }),
    minControllers: { narrowing: 1, routine: 1, sensitive: two, structural: two, emergency: 1 },
    ...(!alone && total - heaviest(active) < half && { acceptsSinglePointOfLoss: true as const }),
    ...kept(before, asked.voters),
    ...recoverable(before, recovery),
    ...grantable(before, grants),
    ...asked,
    solo: asked.solo ?? alone,
  }
}

function recoverable(
  before: Group | null,
  asked: GroupRequest['recovery'],
): Pick<GroupTerms, 'recovery'> {
  if (asked) return { recovery: { delay: DEFAULT_DELAY, ...asked } }
  return asked === undefined && before?.recovery ? { recovery: before.recovery } : {}
}

/** A use that nobody ratified, or the last of them, must not be forgotten with a change of something else. */
function grantable(
  before: Group | null,
  asked: GroupRequest['emergency'],
): Pick<GroupTerms, 'emergency'> {
  const emergency = asked === undefined ? before?.emergency : asked
  return emergency ? { emergency } : {}
}

const heaviest = (voters: readonly Voter[]): number =>
  Math.max(0, ...voters.map(({ weight }) => weight))

/** Proposers stay; the one voter of an index that is not solo any more becomes one. */
function kept(before: Group | null, voters: readonly Voter[]): Pick<GroupTerms, 'proposers'> {
  const listed = new Set(voters.flatMap(({ keys }) => keys.map(({ thumbprint }) => thumbprint)))
  const founders = before?.solo === true ? before.voters : []
  const proposers = [...founders, ...(before?.proposers ?? [])]
    .filter(({ keys }) => !keys.some(({ thumbprint }) => listed.has(thumbprint)))
    .map(({ id, controller, keys }): Proposer => ({ id, controller, keys }))
  return proposers.length > 0 ? { proposers } : {}
}
