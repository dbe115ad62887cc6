import type { Alias } from '../core/alias.js'
import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { BrakeMark } from './brake-mark.js'
import type { Envelope } from './envelope.js'
import type { Group } from './group.js'
import type { Guard } from './guard/guard.js'
import type { RecoveryMark } from './recovery/recovery.js'

/** A node with authority over the names below it. */
export interface Scope {
  readonly kind: 'scope'
  readonly uid: Uid
  /** Empty for the root. */
  readonly alias: Alias
  readonly state: 'active' | 'suspended' | 'retired'
  readonly rev: number
  /** Hash of the latest record about it. */
  readonly head: string
  readonly envelope: Envelope
  /** Sorted by id; absent where there is none. */
  readonly guards?: readonly Guard[]
  /** Its own voters; null where those of the scope above decide. */
  readonly group: Group | null
  /** Before then everything below it is as in a scope that is suspended; who decides stays. */
  readonly brake?: BrakeMark
  /** The latest recovery of its group, open or over; absent once voters set another. */
  readonly recovery?: RecoveryMark
  readonly createdAt: UnixSeconds
}
