import type { UnixSeconds } from '../../core/time.js'
import type { Uid } from '../../core/uid.js'
import type { Entry } from '../entry.js'
import type { IndexState } from '../state.js'

/** Two states, and the second at which each is looked at. */
export interface TwoStates {
  readonly before: Moment
  readonly after: Moment
}

export interface Moment {
  readonly state: IndexState
  readonly at: UnixSeconds
}

/** An entry that is touched, as it is in both. */
export interface Member {
  readonly uid: Uid
  readonly before: Entry | undefined
  readonly after: Entry | undefined
  /** Something above it differs, or it does itself. */
  readonly because: 'above' | 'itself'
}
