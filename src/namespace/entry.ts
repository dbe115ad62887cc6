import type { Alias } from '../core/alias.js'
import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import { type BrakeMark, isBraked } from './brake-mark.js'
import { type EmergencyMark, isUnderEmergency } from './emergency/emergency.js'
import type { Binding } from './binding.js'
import type { Envelope } from './envelope.js'
import type { Rule } from './rule/rule.js'
import type { TrafficSplit } from './rule/split.js'

export type EntryState = 'active' | 'suspended' | 'retiring' | 'retired'

/** Who answers for an entry. */
export interface Owner {
  readonly controller: string
  readonly contact?: string
}

/** One governed identity. */
export interface Entry {
  readonly kind: 'entry'
  readonly uid: Uid
  readonly alias: Alias
  /** As committed; what it is now depends on the time too: `entryState`. */
  readonly state: 'active' | 'suspended' | 'retiring'
  readonly rev: number
  /** Hash of the latest record about it. */
  readonly head: string
  readonly owner: Owner
  readonly envelope: Envelope
  readonly bindings: readonly Binding[]
  /** Who may call it, sorted by id. */
  readonly rules: readonly Rule[]
  /** Sorted by port; absent where there is none. */
  readonly splits?: readonly TrafficSplit[]
  readonly labels: Readonly<Record<string, string>>
  readonly validUntil?: UnixSeconds
  /** When a retiring entry's names are free for others. */
  readonly drainUntil?: UnixSeconds
  /** No certificates, and no calls, before then. */
  readonly brake?: BrakeMark
  /** Suspended, and as if it were active before then. */
  readonly emergency?: EmergencyMark
  /** A brake was on it when it was suspended: no emergency grant lets it go. */
  readonly held?: true
  /** A brake was on a rule of it that was detached: no emergency grant allows a call of it before then. */
  readonly heldUntil?: UnixSeconds
  readonly createdAt: UnixSeconds
}

/** Its state at `now`: the end of a lifetime, a drain, a brake or an emergency needs no process to run. */
export function entryState(
  entry: Pick<Entry, 'state' | 'validUntil' | 'drainUntil' | 'brake' | 'emergency'>,
  now: UnixSeconds,
): EntryState {
  if (entry.state === 'retiring') {
    return entry.drainUntil !== undefined && now < entry.drainUntil ? 'retiring' : 'retired'
  }
  if (entry.validUntil !== undefined && now >= entry.validUntil) return 'suspended'
  if (isBraked(entry, now)) return 'suspended'
  return isUnderEmergency(entry, now) ? 'active' : entry.state
}
