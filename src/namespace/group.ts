import { days, type Seconds, type UnixSeconds } from '../core/time.js'
import { type BrakeMark, isBraked } from './brake-mark.js'
import type { Emergency } from './emergency/emergency.js'
import type { RecoverySet } from './recovery/recovery.js'
import type { VoterKey } from './voter-key.js'

/** How grave a change is, computed from before and after. */
export const changeClasses = [
  'narrowing',
  'routine',
  'sensitive',
  'structural',
  'emergency',
] as const
export type ChangeClass = (typeof changeClasses)[number]

export interface Voter {
  readonly id: string
  /** The person or organisation behind it. */
  readonly controller: string
  readonly keys: readonly VoterKey[]
  readonly weight: number
  readonly status: 'active' | 'suspended'
  /** Says no, and nothing else, before then. */
  readonly brake?: BrakeMark
}

/** May propose, and has no vote. */
export type Proposer = Pick<Voter, 'id' | 'controller' | 'keys'>

/** Suspending for a while, at once: by as many as the threshold of `emergency` takes. */
export interface Brake {
  /** At the longest, in seconds. */
  readonly ttl: Seconds
  /** So many times in seven days by each voter: whoever signs it with others has used it too. */
  readonly perWeek: number
}

/** Who decides for a scope, and with how much weight. */
export interface Group {
  /** From 1; grows by one with each `group.set` and each recovery. A voter whom evidence suspends is so at the same one. */
  readonly rev: number
  /** One local voter whose vote passes everything: said wherever the index is shown. */
  readonly solo: boolean
  readonly voters: readonly Voter[]
  readonly threshold: Readonly<Record<ChangeClass, number>>
  readonly minControllers: Readonly<Record<ChangeClass, number>>
  /** Seconds between the votes and their effect, by class; none where it is left out. */
  readonly timelock?: Readonly<Partial<Record<ChangeClass, Seconds>>>
  readonly brake?: Brake
  readonly proposers?: readonly Proposer[]
  /** What some may do at once for a while, as its voters have said before. */
  readonly emergency?: Emergency
  /** Who may replace its voters when they are lost; nobody where it is left out. */
  readonly recovery?: RecoverySet
  /** Said of a group that one lost voter may keep from deciding anything. */
  readonly acceptsSinglePointOfLoss?: true
}

/** Of one who decides alone anyway, and has said nothing of it. */
const SOLO_BRAKE: Brake = { ttl: days(1), perWeek: 100 }

/** How its voters may suspend something at once; undefined where they have not agreed that they may. */
export const brakeOf = ({ brake, solo }: Pick<Group, 'brake' | 'solo'>): Brake | undefined =>
  brake ?? (solo ? SOLO_BRAKE : undefined)

/** May this voter say yes, or propose anything, at `at`? */
export const mayAct = ({ status, brake }: Voter, at: UnixSeconds): boolean =>
  status === 'active' && !isBraked({ brake }, at)

/** Do these voters, each counted once, reach what a class of change needs? */
export function passes(
  group: Group,
  voters: ReadonlySet<string>,
  changeClass: ChangeClass,
): boolean {
  const approving = group.voters.filter(({ id, status }) => status === 'active' && voters.has(id))
  const weight = approving.reduce((sum, voter) => sum + voter.weight, 0)
  const controllers = new Set(approving.map((voter) => voter.controller)).size
  return weight >= group.threshold[changeClass] && controllers >= group.minControllers[changeClass]
}

const ofEach = (value: number): Record<ChangeClass, number> => ({
  narrowing: value,
  routine: value,
  sensitive: value,
  structural: value,
  emergency: value,
})

export function soloGroup(controller: string, key: VoterKey): Group {
  return {
    rev: 1,
    solo: true,
    voters: [{ id: 'local', controller, keys: [key], weight: 1, status: 'active' }],
    threshold: ofEach(1),
    minControllers: ofEach(1),
  }
}
