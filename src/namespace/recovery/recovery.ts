import { days, hours, plus, type Seconds, type UnixSeconds } from '../../core/time.js'
import type { VoterKey } from '../voter-key.js'

/** So long everybody is told that a recovery gave a scope its voters. */
export const TELL_FOR: Seconds = days(30)

/** Signs for a recovery, and for nothing else. */
export interface Holder {
  readonly id: string
  /** The person or organisation behind it: they count once. */
  readonly controller: string
  /** None of them is a voter's, or a proposer's. */
  readonly keys: readonly VoterKey[]
}

/** Who may give a scope other voters when its own cannot decide any more. */
export interface RecoverySet {
  readonly holders: readonly Holder[]
  /** So many of them sign. */
  readonly threshold: number
  /** Seconds of log time between the start and the end of a recovery. */
  readonly delay: Seconds
}

/** Of a set that says nothing else. */
export const DEFAULT_DELAY: Seconds = hours(72)
/** From Friday, 17:00, to Monday, 09:00: nobody is replaced over one weekend without a working hour to see it. */
export const SHORTEST_DELAY: Seconds = hours(64)
export const LONGEST_DELAY: Seconds = days(30)
/** So long after its delay a recovery may be finished: what nobody finishes is no standing threat. */
export const FINISH_WITHIN: Seconds = days(7)
/** So long those who sign together may take: their keys are in different safes. */
export const LONGEST_SIGNING: Seconds = days(7)
/** And so long, beside the timelocks above, the voters who stopped one have to decide about the set. */
export const TO_DECIDE: Seconds = days(7)

/** What a scope says of its latest recovery. Another group takes it away. */
export interface RecoveryMark {
  /** Digest of the statement that started it, hex. */
  readonly statement: string
  /** Number of the record that started it. */
  readonly record: number
  /** Revision of the group whose set signed it. */
  readonly from: number
  /** Ids of those who signed, sorted. */
  readonly holders: readonly string[]
  readonly since: UnixSeconds
  /** The first second in which it may be finished. */
  readonly due: UnixSeconds
  /** When voters stopped it, and the first second in which another one may be started. */
  readonly cancelled?: { readonly at: UnixSeconds; readonly again: UnixSeconds }
  /** When it gave the scope the group that it has. */
  readonly finished?: UnixSeconds
}

/** What a recovery is at some time: no record says that one is due, or that nobody finished it. */
export const recoveryStandings = ['waiting', 'due', 'lapsed', 'cancelled', 'finished'] as const
export type RecoveryStanding = (typeof recoveryStandings)[number]

export function recoveryStanding(mark: RecoveryMark, now: UnixSeconds): RecoveryStanding {
  if (mark.finished !== undefined) return 'finished'
  if (mark.cancelled !== undefined) return 'cancelled'
  if (now < mark.due) return 'waiting'
  return now < finishBefore(mark) ? 'due' : 'lapsed'
}

/** Neither stopped nor over: voters may stop it, and no other one may be started. */
export const isOpen = (mark: RecoveryMark, now: UnixSeconds): boolean => {
  const standing = recoveryStanding(mark, now)
  return standing === 'waiting' || standing === 'due'
}

export const finishBefore = ({ due }: Pick<RecoveryMark, 'due'>): UnixSeconds =>
  plus(due, FINISH_WITHIN)

/** The same object, of whose group nothing is left that a recovery was about. */
export function withoutRecovery<T extends { readonly recovery?: RecoveryMark | undefined }>(
  object: T,
): Omit<T, 'recovery'> {
  const { recovery: _over, ...rest } = object
  return rest
}
