import { type Alias, parseAlias } from '../../core/alias.js'
import { ok, refuse, type Result } from '../../core/result.js'
import { toIso, type UnixSeconds } from '../../core/time.js'
import { brakedAbove, ceiling, suspendedAbove } from '../effective-envelope.js'
import { badPortRange, badRegion, type Envelope, exceeds } from '../envelope.js'
import type { IndexState } from '../state.js'

/** Is there room for a scope or entry of this alias, and is its envelope within its parents'? */
export function mayPlace(
  state: IndexState,
  alias: Alias,
  envelope: Envelope,
  at: UnixSeconds,
): Result<undefined> {
  const parsed = parseAlias(alias)
  if (!parsed.ok) return parsed
  const scope = state.scopeByAlias(alias)
  if (scope) {
    return refuse('namespace.exists', 'a scope of this alias exists', {
      found: alias,
      next: `capstan scope show ${alias}`,
    })
  }
  const active = notSuspended(state, alias, 'active scopes above it')
  if (!active.ok) return active
  const free = notBraked(state, alias, at)
  return free.ok ? within(state, alias, envelope) : free
}

/** Is none of the scopes above `alias` suspended? `wanted`: what a refusal asks for. */
export function notSuspended(state: IndexState, alias: Alias, wanted: string): Result<undefined> {
  const suspended = suspendedAbove(state, alias)
  if (!suspended) return ok()
  return refuse('namespace.wrong-state', `the scope ${suspended.alias} is ${suspended.state}`, {
    wanted,
    found: suspended.state,
    next: `capstan scope reactivate ${suspended.alias}`,
  })
}

/** Nothing comes into a braked scope, and nothing leaves it: its own voters decide about moves. */
export function notBraked(state: IndexState, alias: Alias, at: UnixSeconds): Result<undefined> {
  const braked = brakedAbove(state, alias, at)
  if (!braked?.brake) return ok()
  return refuse('namespace.wrong-state', `the scope ${braked.alias} is braked`, {
    wanted: 'no brake on a scope above it',
    found: `a brake until ${toIso(braked.brake.until)}`,
    next: `capstan brake lift ${braked.alias}`,
  })
}

/** Is the envelope made of what envelopes are made of, and within all the scopes above `alias`? */
export function within(state: IndexState, alias: Alias, envelope: Envelope): Result<undefined> {
  const formed = wellFormed(envelope)
  if (!formed.ok) return formed
  const allowed = ceiling(state, alias)
  const field = exceeds(envelope, allowed)
  if (field === undefined) return ok()
  return refuse(
    'namespace.envelope-exceeds-parent',
    `${field} is wider than the scopes above allow`,
    {
      wanted: `${field} within ${JSON.stringify(allowed[field] ?? null)}`,
      found: JSON.stringify(envelope[field]),
      next: `capstan envelope show ${state.scopeAbove(alias).alias || "''"} --effective`,
    },
  )
}

/** What no schema can say about an envelope. */
export function wellFormed(envelope: Envelope): Result<undefined> {
  const region = badRegion(envelope)
  if (region !== undefined) {
    return refuse('namespace.bad-alias', 'an envelope holds a region that is no alias', {
      found: region,
    })
  }
  const range = badPortRange(envelope.ports ?? [])
  if (range) {
    return refuse('namespace.malformed', 'an envelope holds a range of ports without ports', {
      wanted: 'from, and to that is not below it',
      found: JSON.stringify(range),
    })
  }
  return ok()
}
