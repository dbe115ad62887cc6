import { days, type Seconds, type UnixSeconds } from '../core/time.js'

/** So long those who sign a brake together may take. */
export const BRAKE_SIGNED_WITHIN: Seconds = days(1)

/** Something is suspended for a while. It ends by the time alone: no record and no process is needed. */
export interface BrakeMark {
  /** The first second in which it is as if it had not been. */
  readonly until: UnixSeconds
}

/** What a brake may be on: an entry, a rule, a scope or a voter. */
export interface Brakeable {
  readonly brake?: BrakeMark | undefined
}

export const isBraked = ({ brake }: Brakeable, at: UnixSeconds): boolean =>
  brake !== undefined && at < brake.until

/** The same without a brake, over or not. */
export function withoutBrake<T extends Brakeable>(object: T): Omit<T, 'brake'> {
  const { brake: _over, ...rest } = object
  return rest
}
