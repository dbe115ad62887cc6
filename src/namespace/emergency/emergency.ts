import type { Alias } from '../../core/alias.js'
import { days, hours, type Seconds, type UnixSeconds } from '../../core/time.js'
import type { VoterKey } from '../voter-key.js'

/** All that a grant may be for. Each gives something for a while, and takes nothing that others decided. */
export const emergencyActs = [
  /** One entry may call another, as one more rule of the callee allows it, under the same ceilings and guards. */
  'allow',
  /** An entry that is suspended is as if it were active. */
  'reactivate',
] as const
export type EmergencyAct = (typeof emergencyActs)[number]

/** Uses grants, and does nothing else: no voter, no proposer. */
export interface EmergencyHolder {
  readonly id: string
  readonly controller: string
  readonly keys: readonly VoterKey[]
}

/** What some may do at once for a while, because voters said so before. */
export interface EmergencyGrant {
  readonly name: string
  readonly acts: readonly EmergencyAct[]
  /** Only entries at and under it; of a call, the callee. */
  readonly under: Alias
  /** Ids of voters of the group, or of its holders. */
  readonly who: readonly string[]
  /** So many people of them sign. */
  readonly threshold: number
  /** The longest that one use lasts. */
  readonly longest: Seconds
  /** Between the end of one use and the next. */
  readonly coolDown: Seconds
  /** So many times: another group that has the same grant does not count from the start. */
  readonly uses: number
}

/** What a group has voted about before it is needed. */
export interface Emergency {
  readonly holders?: readonly EmergencyHolder[]
  readonly grants: readonly EmergencyGrant[]
}

export const LONGEST_USE: Seconds = hours(4)
export const SHORTEST_COOL_DOWN: Seconds = hours(1)
export const LONGEST_COOL_DOWN: Seconds = days(30)
export const MOST_USES = 20
export const MOST_GRANTS = 8
/** So long voters have to say that a use was right: then the grant is gone. */
export const RATIFY_WITHIN: Seconds = days(1)
/** So long those who sign together may take. */
export const LONGEST_SIGNING: Seconds = days(1)

/** Something is allowed for a while, by a grant. It ends by the time alone. */
export interface EmergencyMark {
  readonly grant: string
  /** The first second in which it is as if it had not been. */
  readonly until: UnixSeconds
}

export const isUnderEmergency = (
  { emergency }: { readonly emergency?: EmergencyMark | undefined },
  at: UnixSeconds,
): boolean => emergency !== undefined && at < emergency.until

export function withoutEmergency<T extends { readonly emergency?: EmergencyMark | undefined }>(
  object: T,
): Omit<T, 'emergency'> {
  const { emergency: _over, ...rest } = object
  return rest
}
