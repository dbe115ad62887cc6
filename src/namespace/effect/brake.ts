import { ROOT } from '../../core/alias.js'
import { ok, refuse, type Result } from '../../core/result.js'
import type { UnixSeconds } from '../../core/time.js'
import { type BrakeMark, isBraked } from '../brake-mark.js'
import { isUnderEmergency } from '../emergency/emergency.js'
import type { Entry } from '../entry.js'
import { type Group, mayAct, passes, type Voter } from '../group.js'
import { underGuards } from '../guard/quorum-floor.js'
import type { Scope } from '../scope.js'
import type { GovernedObject, IndexState } from '../state.js'
import type { BrakeStatement } from '../statements.js'
import { gone } from './decision.js'

interface Made {
  readonly mark: BrakeMark
  readonly at: UnixSeconds
}

type Target = Pick<BrakeStatement, 'rule' | 'voter'>

/** What is braked, and by whom. */
type Braked = Target & Pick<BrakeStatement, 'voters'>

/** The subject with the brake on it, on its rule or on its voter. Only ever takes something away. */
export function brakeEffect(
  state: IndexState,
  subject: GovernedObject,
  target: Braked,
  made: Made,
): Result<GovernedObject> {
  switch (subject.kind) {
    case 'entry':
      if (target.voter !== undefined) return gone('voter', target.voter)
      return target.rule === undefined ? ofEntry(subject, made) : ofRule(subject, target.rule, made)
    case 'scope':
      // Guards only ever forbid: without one more would be allowed.
      if (target.rule !== undefined) return gone('rule', target.rule)
      return target.voter === undefined
        ? ofScope(subject, made)
        : ofVoter(state, subject, { id: target.voter, by: target.voters }, made)
    case 'cluster':
      return gone('entry or scope', subject.alias)
  }
}

function ofEntry(entry: Entry, { mark, at }: Made): Result<Entry> {
  const isActive = entry.state === 'active' || isUnderEmergency(entry, at)
  if (!isActive) return notActive(`the entry ${entry.alias}`, entry.state)
  if (isBraked(entry, at)) return already(`the entry ${entry.alias}`)
  return ok({ ...entry, brake: mark, rev: entry.rev + 1 })
}

function ofRule(entry: Entry, id: string, { mark, at }: Made): Result<Entry> {
  if (entry.state === 'retiring') return notActive(`the entry ${entry.alias}`, entry.state)
  const rule = entry.rules.find((one) => one.id === id)
  if (!rule) return gone('rule', id)
  if (isBraked(rule, at)) return already(`the rule ${id} of ${entry.alias}`)
  const rules = entry.rules.map((one) => (one === rule ? { ...rule, brake: mark } : one))
  return ok({ ...entry, rules, rev: entry.rev + 1 })
}

function ofScope(scope: Scope, { mark, at }: Made): Result<Scope> {
  if (scope.alias === ROOT) {
    return refuse('namespace.wrong-state', 'the root scope stays as it is', {
      wanted: 'a scope below the root',
    })
  }
  if (scope.state !== 'active') return notActive(`the scope ${scope.alias}`, scope.state)
  if (isBraked(scope, at)) return already(`the scope ${scope.alias}`)
  return ok({ ...scope, brake: mark, rev: scope.rev + 1 })
}

function ofVoter(
  state: IndexState,
  scope: Scope,
  { id, by }: { readonly id: string; readonly by: readonly string[] },
  { mark, at }: Made,
): Result<Scope> {
  const voter = scope.group?.voters.find((one) => one.id === id)
  if (!scope.group || !voter) return gone('voter', id)
  if (voter.status !== 'active') return notActive(`the voter ${id}`, voter.status)
  if (isBraked(voter, at)) return already(`the voter ${id}`)
  const voters = scope.group.voters.map((one) => (one === voter ? { ...voter, brake: mark } : one))
  const group: Group = { ...scope.group, voters }
  const liftable = mayBeLifted(underGuards(state, [scope.alias], group), by, at)
  return liftable.ok ? ok({ ...scope, group, rev: scope.rev + 1 }) : liftable
}

/**
 * Is a quorum left to lift the brake, and one without those who put it there? Whoever brakes one of
 * three would else be needed for everything. A quorum may: it could change the group as well.
 */
function mayBeLifted(group: Group, by: readonly string[], at: UnixSeconds): Result<undefined> {
  const free = group.voters.filter((one) => mayAct(one, at))
  if (!passes(group, idsOf(free), 'sensitive')) {
    return refuse('namespace.no-quorum', 'too few voters would be left to lift the brake', {
      wanted: 'a quorum without a brake on any of them',
      found: [...idsOf(free)].join(', '),
    })
  }
  const braking = group.voters.filter((one) => by.includes(one.id))
  const people = new Set(braking.map((one) => one.controller))
  const others = idsOf(free.filter((one) => !people.has(one.controller)))
  if (passes(group, others, 'sensitive') || passes(group, idsOf(braking), 'sensitive')) return ok()
  return refuse('namespace.no-quorum', 'nobody could lift the brake without whoever put it there', {
    wanted: 'a quorum without a brake beside those who sign it, or a quorum that signs it',
    found: [...others].join(', ') || 'nobody',
    next: 'have others sign it too: capstan brake --with',
  })
}

const idsOf = (voters: readonly Voter[]): ReadonlySet<string> => new Set(voters.map(({ id }) => id))

const notActive = (what: string, found: string) =>
  refuse('namespace.wrong-state', `${what} is ${found}`, { wanted: 'active', found })

const already = (what: string) =>
  refuse('namespace.wrong-state', `${what} is braked already`, {
    wanted: 'the end of the brake that is on it',
    next: 'capstan brake list',
  })
