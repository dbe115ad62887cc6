import type { Alias } from '../../core/alias.js'
import { ok, refuse, type Result } from '../../core/result.js'
import { toIso, type UnixSeconds } from '../../core/time.js'
import { isBraked } from '../brake-mark.js'
import { type EmergencyMark, isUnderEmergency } from '../emergency/emergency.js'
import type { InvocationStatement } from '../emergency/emergency-statements.js'
import type { Entry } from '../entry.js'
import type { IndexState } from '../state.js'
import { notSuspended } from './placement.js'
import { temporaryRule } from './rules.js'

interface Made {
  readonly mark: EmergencyMark
  readonly at: UnixSeconds
}

/** The entry with what the grant gives it for a while. It takes no brake off, on it or on a rule of it. */
export function emergencyEffect(
  state: IndexState,
  entry: Entry,
  { act, call }: Pick<InvocationStatement, 'act' | 'call'>,
  made: Made,
): Result<Entry> {
  const braked = isBraked(entry, made.at)
    ? entry
    : entry.rules.find((rule) => isBraked(rule, made.at))
  if (braked?.brake) {
    return refuse('namespace.braked', `a brake is on ${entry.alias}, or on a rule of it`, {
      wanted: 'no brake that voters have put there',
      found: `until ${toIso(braked.brake.until)}`,
      next: `capstan brake lift ${entry.alias}`,
    })
  }
  const active = notSuspended(state, entry.alias, 'active scopes above the entry')
  if (!active.ok) return active
  // One that has a call allows it: which of the two it is was compared before.
  if (!call || act !== 'allow') return reactivated(entry, made)
  return entry.heldUntil !== undefined && made.at < entry.heldUntil
    ? heldBack(entry.alias, entry.heldUntil)
    : temporaryRule(state, entry, call, made)
}

const heldBack = (alias: Alias, until: UnixSeconds) =>
  refuse('namespace.braked', `a brake was on a rule of ${alias} that was taken away`, {
    wanted: 'a time when that brake would be over',
    found: `until ${toIso(until)}`,
    next: `capstan rules attach ${alias}`,
  })

function reactivated(entry: Entry, { mark, at }: Made): Result<Entry> {
  if (entry.state !== 'suspended' || isUnderEmergency(entry, at)) {
    return refuse('namespace.wrong-state', `the entry ${entry.alias} is not suspended`, {
      wanted: 'a suspended entry',
      found: entry.state,
    })
  }
  if (entry.held) {
    return refuse('namespace.braked', `a brake was on ${entry.alias} when it was suspended`, {
      wanted: 'an entry that was suspended without one',
      next: `capstan entry reactivate ${entry.alias}`,
    })
  }
  if (entry.validUntil !== undefined && mark.until > entry.validUntil) {
    return refuse('namespace.wrong-state', `the lifetime of the entry ${entry.alias} ends before`, {
      wanted: `an end by ${toIso(entry.validUntil)}`,
      found: toIso(mark.until),
    })
  }
  return ok({ ...entry, emergency: mark, rev: entry.rev + 1 })
}
