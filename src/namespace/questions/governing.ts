import { type Alias, isUnder } from '../../core/alias.js'
import { type Envelope, fullEnvelope, meet, type PortRange } from '../envelope.js'
import type { Guard } from '../guard/guard.js'
import { ceilings, isIn, type Party } from '../permit/permit.js'

/** What one side of a call may do at all, whatever its rules say. */
export interface Ceiling {
  /** Regions of those whom it may call, or whose calls it may take. */
  readonly regions: readonly Alias[]
  readonly ports: readonly PortRange[]
  /** Scopes, and at last the entry, that took any of it away, from the root down. */
  readonly narrowedBy: readonly Alias[]
}

/** A guard of a scope above one of them that bears on the call, or on who may change its rule. */
export interface GoverningGuard {
  readonly scope: Alias
  readonly guard: Guard
}

/** Under what the rule of a call stands: no rule is more than this allows. */
export interface Governing {
  readonly ceilings: { readonly caller: Ceiling; readonly callee: Ceiling }
  /** From the root down, those above the callee first. */
  readonly guards: readonly GoverningGuard[]
}

/** The call is made on one port; guards and envelopes of other ports are told, too. */
export function governing(caller: Party, callee: Party): Governing {
  return {
    ceilings: { caller: ceilingOf(caller, 'mayCall'), callee: ceilingOf(callee, 'mayAccept') },
    guards: guardsOf(caller, callee),
  }
}

function ceilingOf(party: Party, field: 'mayCall' | 'mayAccept'): Ceiling {
  let [sum, narrowedBy] = [part(fullEnvelope, field), [] as Alias[]]
  for (const { envelope, by } of ceilings(party)) {
    const met = meet(sum, part(envelope, field))
    if (JSON.stringify(met) !== JSON.stringify(sum)) narrowedBy = [...narrowedBy, by.alias]
    sum = met
  }
  return { regions: sum[field] ?? [], ports: sum.ports ?? [], narrowedBy }
}

/** What is absent is nothing: see `Envelope`. */
const part = (envelope: Envelope, field: 'mayCall' | 'mayAccept'): Envelope => ({
  [field]: envelope[field] ?? [],
  ports: envelope.ports ?? [],
})

function guardsOf(caller: Party, callee: Party): readonly GoverningGuard[] {
  const [from, to] = [caller.entry.alias, callee.entry.alias]
  const concerns = (guard: Guard): boolean =>
    guard.effect === 'forbid' && isIn(from, guard.callers) && isIn(to, guard.callees)
  const found: GoverningGuard[] = []
  for (const { alias, guards = [] } of callee.scopes) {
    for (const guard of guards) {
      // How long certificates live is nothing that a call depends on.
      if (guard.effect === 'maxTtl') continue
      if (guard.effect !== 'forbid' || concerns(guard)) found.push({ scope: alias, guard })
    }
  }
  for (const { alias, guards = [] } of caller.scopes) {
    if (isUnder(to, alias)) continue
    for (const guard of guards) if (concerns(guard)) found.push({ scope: alias, guard })
  }
  return found
}
