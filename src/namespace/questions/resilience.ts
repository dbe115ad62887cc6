import { type Alias, ROOT } from '../../core/alias.js'
import { ok, refuse, type Result } from '../../core/result.js'
import type { Seconds, UnixSeconds } from '../../core/time.js'
import { type Responsible, responsibleAbove, responsibleFor } from '../decide.js'
import { drilledAt } from '../emergency/uses.js'
import { type ChangeClass, changeClasses, type Group, passes, type Voter } from '../group.js'
import { underGuards } from '../guard/quorum-floor.js'
import { unknown } from '../resolve-request.js'
import type { IndexState } from '../state.js'
import { activeByWeight } from './coalitions.js'
import { keysEnd } from './ends.js'

/** Can a scope still decide, without some of its voters? */
export interface Resilience {
  /** Of the scope whose voters decide. */
  readonly scope: Alias
  /** Revision of their group. */
  readonly group: number
  readonly solo: boolean
  /** Active voters that are left, and have a key that signs, heaviest first. */
  readonly voters: readonly string[]
  /** Of those: from when on one has no key that signs, the soonest first. Absent are those whose keys do not end. */
  readonly keysEnd: readonly { readonly voter: string; readonly at: UnixSeconds }[]
  readonly classes: readonly ClassResilience[]
  /** Who may give the scope other voters when its own can no longer decide; null: nobody. */
  readonly recovery: { readonly scope: Alias; readonly able: boolean } | null
  /** Who may, after their delay, with nobody's vote; null where the group has named nobody. */
  readonly recoverySet: {
    readonly holders: readonly string[]
    readonly threshold: number
    readonly delay: Seconds
    /** Have enough of its holders a key that signs? */
    readonly able: boolean
    /** The first second from which on they have not, by the end of keys alone; null: never. */
    readonly until: UnixSeconds | null
  } | null
  /** What some may do at once, and when they last tried whether they can. */
  readonly grants: readonly { readonly name: string; readonly drilled: UnixSeconds | null }[]
}

export interface ClassResilience {
  readonly class: ChangeClass
  readonly possible: boolean
  /** Voters any one of whom it cannot do without. */
  readonly needs: readonly string[]
  /** So many voters may be lost, whichever they are; -1 where it is impossible now. */
  readonly survives: number
  /** The first second from which on it is impossible, by the end of keys alone; null: never, or it is so now. */
  readonly until: UnixSeconds | null
}

/** Work does not grow with the index: a group has 32 voters at most. */
export function resilienceOf(
  state: IndexState,
  alias: Alias,
  without: readonly string[],
  now: UnixSeconds,
): Result<Resilience> {
  const scope = alias === ROOT ? state.root : state.scopeByAlias(alias)
  if (!scope) return unknown('scope', alias)
  const responsible = responsibleFor(state, {
    op: 'group.set',
    subject: { alias, uid: scope.uid },
  })
  const stranger = without.find((id) => !responsible.group.voters.some((one) => one.id === id))
  if (stranger !== undefined) {
    return refuse('namespace.unknown', 'the group has no such voter', {
      wanted: responsible.group.voters.map(({ id }) => id).join(', '),
      found: JSON.stringify(stranger.slice(0, 63)),
      next: `capstan group show ${alias || '/'}`,
    })
  }
  const home = state.scopes.get(responsible.uid)?.alias ?? ROOT
  const left = signing(remaining(responsible.group, without), now)
  const ends = endsOf(left.voters, now)
  // What is in the scope stands under its guards, and the scope itself under those above.
  const group = underGuards(state, [inside(alias)], left)
  return ok({
    scope: home,
    group: responsible.group.rev,
    solo: responsible.group.solo,
    voters: activeByWeight(left).map(({ id }) => id),
    keysEnd: ends,
    classes: changeClasses.map((name) => resilienceFor(group, name, ends)),
    recovery: recoveryOf(state, home, responsible, { without, now }),
    recoverySet: recoverySetOf(responsible.group, now),
    grants: grantsOf(state, responsible),
  })
}

const grantsOf = (state: IndexState, { uid, group }: Responsible): Resilience['grants'] =>
  (group.emergency?.grants ?? []).map((grant) => ({
    name: grant.name,
    drilled: drilledAt(state, { scope: uid, grant }) ?? null,
  }))

function recoverySetOf({ recovery }: Group, now: UnixSeconds): Resilience['recoverySet'] {
  if (!recovery) return null
  const { holders, threshold, delay } = recovery
  const able = holders.filter(({ keys }) => keysEnd(keys, now) !== now)
  const ends = endsOf(able, now)
  // So many may go, and the next is one too many.
  const last = able.length < threshold ? undefined : ends[able.length - threshold]
  return {
    ...{ holders: holders.map(({ id }) => id), threshold, delay },
    able: able.length >= threshold,
    until: last?.at ?? null,
  }
}

/** Those who have a key that signs now, or will have. */
const signing = (group: Group, now: UnixSeconds): Group => ({
  ...group,
  voters: group.voters.filter(({ keys }) => keysEnd(keys, now) !== now),
})

const endsOf = (
  people: readonly Pick<Voter, 'id' | 'keys'>[],
  now: UnixSeconds,
): Resilience['keysEnd'] =>
  people
    .flatMap(({ id, keys }) => {
      const at = keysEnd(keys, now)
      return at === undefined ? [] : [{ voter: id, at }]
    })
    .sort((a, b) => a.at - b.at || (a.voter < b.voter ? -1 : 1))

/** A name under the scope: no alias has such a segment. */
const inside = (alias: Alias): Alias => (alias === ROOT ? '_' : `${alias}/_`) as Alias

const remaining = (group: Group, without: readonly string[]): Group => ({
  ...group,
  voters: group.voters.filter(({ id }) => !without.includes(id)),
})

function resilienceFor(
  group: Group,
  name: ChangeClass,
  ends: Resilience['keysEnd'],
): ClassResilience {
  const voters = activeByWeight(group).map(({ id }) => id)
  const carries = (ids: readonly string[]): boolean => passes(group, new Set(ids), name)
  const possible = carries(voters)
  return {
    class: name,
    possible,
    needs: possible ? voters.filter((id) => !carries(voters.filter((one) => one !== id))) : [],
    survives: possible ? fewestThatStop(group, name) - 1 : -1,
    until: possible ? possibleUntil(voters, ends, carries) : null,
  }
}

/** Keys end one after another, and with the last of a voter's their vote. */
function possibleUntil(
  voters: readonly string[],
  ends: Resilience['keysEnd'],
  carries: (ids: readonly string[]) => boolean,
): UnixSeconds | null {
  for (const { at } of ends) {
    const gone = new Set(ends.filter((one) => one.at <= at).map(({ voter }) => voter))
    if (!carries(voters.filter((id) => !gone.has(id)))) return at
  }
  return null
}

/** The heaviest ones stop it soonest by weight; by people, those who have the fewest voters. */
function fewestThatStop(group: Group, name: ChangeClass): number {
  const voters = activeByWeight(group)
  let weight = voters.reduce((sum, voter) => sum + voter.weight, 0)
  let byWeight = 0
  for (const voter of voters) {
    if (weight < group.threshold[name]) break
    weight -= voter.weight
    byWeight += 1
  }
  const people = new Map<string, number>()
  for (const { controller } of voters) people.set(controller, (people.get(controller) ?? 0) + 1)
  const counts = [...people.values()].sort((a, b) => a - b)
  const spare = counts.length - group.minControllers[name] + 1
  const byPeople = counts.slice(0, Math.max(spare, 0)).reduce((sum, count) => sum + count, 0)
  return Math.min(byWeight, byPeople)
}

/** Those above may step in (`group set --intervene`); above the root there is nobody. */
function recoveryOf(
  state: IndexState,
  home: Alias,
  { uid }: Responsible,
  { without, now }: { readonly without: readonly string[]; readonly now: UnixSeconds },
): Resilience['recovery'] {
  if (home === ROOT) return null
  const above = responsibleAbove(state, home)
  if (above.uid === uid) return null
  const group = signing(remaining(underGuards(state, [home], above.group), without), now)
  const voters = new Set(group.voters.map(({ id }) => id))
  return {
    scope: state.scopes.get(above.uid)?.alias ?? ROOT,
    able: passes(group, voters, 'structural'),
  }
}
