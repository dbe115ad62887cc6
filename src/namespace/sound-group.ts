import type { Refusal, RefusalReason } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { days } from '../core/time.js'
import { type EnrolledRole, isEnrolled } from './enrolment.js'
import { type ChangeClass, changeClasses, type Group, type Proposer, type Voter } from './group.js'
import { isSoundEmergency } from './emergency/sound-emergency.js'
import { isSoundRecovery } from './recovery/sound-recovery.js'
import { isVoterKey, type VoterKey } from './voter-key.js'

type Invalid = Refusal<'namespace.group-invalid'>

export interface GroupContext {
  /** Index id: what keys are enrolled for. */
  readonly index: string
  /** The group that it takes the place of; its keys need not be proved again. */
  readonly before: Group | null
}

const LONGEST_TIMELOCK = days(30)
/** Classes that give something: what narrows, or suspends for a while, may need less. */
const granting = ['routine', 'sensitive', 'structural'] as const satisfies readonly ChangeClass[]

/**
 * May these voters decide? What no schema can say of a group: that two conflicting proposals cannot
 * both pass unless somebody signed both (`2t > W`), that nobody decides alone without its being said,
 * that a person counts once, and that every key is in its holder's hands.
 */
export function isSound(group: Group, context: GroupContext): Result<undefined, Invalid> {
  for (const check of checks) {
    const result = check(group, context)
    if (!result.ok) return result
  }
  return ok()
}

const checks = [
  ...[names, keys, thresholds, majority, dictators, losses, timelocks],
  ...[isSoundRecovery, isSoundEmergency],
]

const invalid = (reason: RefusalReason, detail: string, wanted: string, found: string) =>
  refuse('namespace.group-invalid', detail, { reason, wanted, found })

/** Those who vote or propose; others only recover, or use grants: what proves a key for one proves it for no other. */
const deciding = ({ voters, proposers = [] }: Group): readonly Proposer[] => [
  ...voters,
  ...proposers,
]
const inRole: Readonly<Record<EnrolledRole, (group: Group) => readonly Proposer[]>> = {
  voter: deciding,
  recovery: ({ recovery }) => recovery?.holders ?? [],
  emergency: ({ emergency }) => emergency?.holders ?? [],
}
const roles = Object.keys(inRole) as readonly EnrolledRole[]
const everyone = (group: Group): readonly Proposer[] => roles.flatMap((role) => inRole[role](group))

function names(group: Group): Result<undefined, Invalid> {
  const ids = everyone(group).map(({ id }) => id)
  const twice = ids.find((id, at) => ids.indexOf(id) !== at)
  if (twice !== undefined) {
    return invalid(
      'names',
      'two of the group have one id',
      'an id for each voter, proposer and holder',
      twice,
    )
  }
  return active(group).length > 0
    ? ok()
    : invalid('names', 'nobody could vote', 'an active voter', 'no active voter')
}

function keys(group: Group, context: GroupContext): Result<undefined, Invalid> {
  const seen = new Set<string>()
  for (const holder of everyone(group)) {
    for (const key of holder.keys) {
      const { thumbprint } = key
      if (!isVoterKey(key)) {
        return invalid(
          'weak_key',
          'a key may not sign',
          'a P-256 key, or an Ed25519 key of prime order, with its own thumbprint',
          `${holder.id}: ${thumbprint.slice(0, 60)}`,
        )
      }
      if (seen.has(thumbprint)) {
        return invalid(
          'duplicate_key',
          'one key is listed twice',
          'every key once',
          `${holder.id}: ${thumbprint}`,
        )
      }
      seen.add(thumbprint)
      const role = roles.find((one) => inRole[one](group).includes(holder)) ?? 'voter'
      if (!isProved(holder, key, role, context)) {
        return refuse(
          'namespace.group-invalid',
          "a key is not proved to be in its holder's hands",
          {
            reason: 'no_pop',
            wanted: `the signature of its enrolment for ${holder.id}, ${holder.controller}`,
            found: `${holder.id}: ${thumbprint}`,
            next: `its holder runs: capstan voter enrol${role === 'voter' ? '' : ` --${role}`}`,
          },
        )
      }
    }
  }
  return ok()
}

function isProved(
  holder: Proposer,
  key: VoterKey,
  role: EnrolledRole,
  { index, before }: GroupContext,
): boolean {
  const { id: voter, controller } = holder
  if (isEnrolled(key, { index, voter, controller, role })) return true
  // Carried over: it was proved when it came, or signed the genesis.
  const known = before && inRole[role](before).find(({ id }) => id === voter)
  return (
    known?.controller === controller &&
    known.keys.some(({ thumbprint }) => thumbprint === key.thumbprint)
  )
}

const active = ({ voters }: Group): readonly Voter[] =>
  voters.filter(({ status }) => status === 'active')

export const totalWeight = (group: Group): number =>
  active(group).reduce((sum, { weight }) => sum + weight, 0)

/** What all voters of each person weigh together. */
export function people({ voters }: Pick<Group, 'voters'>): readonly (readonly [string, number])[] {
  const weights = new Map<string, number>()
  for (const { controller, weight, status } of voters) {
    if (status === 'active') weights.set(controller, (weights.get(controller) ?? 0) + weight)
  }
  return [...weights]
}

function thresholds(group: Group): Result<undefined, Invalid> {
  const most = totalWeight(group)
  const persons = people(group).length
  for (const name of changeClasses) {
    const [weight, controllers] = [group.threshold[name], group.minControllers[name]]
    if (weight < 1 || weight > most) {
      return invalid(
        'threshold',
        'a threshold that nobody could reach, or that needs nobody',
        `${name}: 1 to ${most}, the weight of all active voters`,
        String(weight),
      )
    }
    if (controllers < 1 || controllers > persons) {
      return invalid(
        'controllers',
        'more controllers are needed than there are, or none',
        `${name}: 1 to ${persons} controllers`,
        String(controllers),
      )
    }
  }
  const { routine, sensitive, structural } = group.threshold
  return structural >= sensitive && sensitive >= routine
    ? ok()
    : invalid(
        'threshold',
        'a graver change needs less than a lesser one',
        'routine <= sensitive <= structural',
        `${routine}, ${sensitive}, ${structural}`,
      )
}

function majority(group: Group): Result<undefined, Invalid> {
  const total = totalWeight(group)
  const weak = granting.find((name) => 2 * group.threshold[name] <= total)
  return weak === undefined
    ? ok()
    : invalid(
        'majority',
        'two halves of the group could decide against each other',
        `${weak}: more than half of ${total}`,
        String(group.threshold[weak]),
      )
}

function dictators(group: Group): Result<undefined, Invalid> {
  const alone = people(group).find(([, weight]) =>
    granting.some((name) => weight >= group.threshold[name]),
  )
  if (alone && !group.solo) {
    const [controller, weight] = alone
    return invalid(
      'dictator',
      'one person could decide alone',
      'thresholds above the weight of all voters of each person, or a group that says it is solo',
      `${controller}: ${weight}`,
    )
  }
  if (!alone && group.solo) {
    return invalid(
      'dictator',
      'it says it is solo, and is not',
      'solo: false',
      'nobody decides alone',
    )
  }
  if (!group.solo && group.minControllers.structural < 2) {
    return invalid(
      'controllers',
      'one person could change who decides',
      'structural: at least 2 controllers',
      String(group.minControllers.structural),
    )
  }
  return ok()
}

function losses(group: Group): Result<undefined, Invalid> {
  if (group.solo || group.acceptsSinglePointOfLoss) return ok()
  const heaviest = Math.max(...active(group).map(({ weight }) => weight))
  const rest = totalWeight(group) - heaviest
  return rest >= group.threshold.routine
    ? ok()
    : invalid(
        'single_loss',
        'without one voter nothing could be decided any more',
        `routine: at most ${rest}, or acceptsSinglePointOfLoss`,
        String(group.threshold.routine),
      )
}

function timelocks({ solo, timelock = {}, brake, threshold }: Group): Result<undefined, Invalid> {
  const waits = changeClasses.find((name) => (timelock[name] ?? 0) > 0)
  if (solo && waits !== undefined) {
    return invalid('timelock', 'what one voter decides alone is made at once', 'no timelock', waits)
  }
  const late = changeClasses.find((name) => (timelock[name] ?? 0) > LONGEST_TIMELOCK)
  if (late !== undefined) {
    return invalid('timelock', 'a timelock is too long', `at most ${LONGEST_TIMELOCK} s`, late)
  }
  if ((timelock.narrowing ?? 0) > 0 || (timelock.emergency ?? 0) > 0) {
    return invalid(
      'timelock',
      'what takes power away must not wait',
      'no timelock',
      'narrowing or emergency',
    )
  }
  return brake && threshold.emergency > threshold.routine
    ? invalid(
        'threshold',
        'the brake needs more than a routine change',
        `emergency: at most ${threshold.routine}`,
        String(threshold.emergency),
      )
    : ok()
}
