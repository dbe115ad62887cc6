import { type Alias, isUnder, ROOT } from '../../core/alias.js'
import { canonicalize } from '../../core/canonical-json.js'
import type { Uid } from '../../core/uid.js'
import type { Entry } from '../entry.js'
import { type Permission, permissionsBetween, permissionsBeyond } from '../permit/permissions.js'
import type { Rule, RuleCaller } from '../rule/rule.js'
import type { IndexState } from '../state.js'
import type { Effort } from './effort.js'
import type { Member, Moment, TwoStates } from './two-states.js'
import { type EntryDifference, entryDifference } from './entry-difference.js'
import { ruleSteps } from './rule-steps.js'
import { type SplitDifference, splitDifferences, splitSteps } from './split-difference.js'

/** What is another in the two: no entry elsewhere, and no scope above one, differs. */
export interface Touched {
  readonly entries: ReadonlySet<Uid>
  /** Every entry in them stands under something that differs. */
  readonly regions: readonly Alias[]
  /** Only calls to and from there, and entries there, are told; absent: all. */
  readonly within?: Alias
}

export interface Difference {
  readonly permissions: {
    readonly added: readonly Permission[]
    readonly removed: readonly Permission[]
  }
  /** Whose names, certificates or limits differ. */
  readonly entries: readonly EntryDifference[]
  /** Traffic that goes elsewhere, or in other shares; absent where none does. */
  readonly splits?: readonly SplitDifference[]
  /** False: there is more than was looked at, or than is listed. */
  readonly complete: boolean
}

/** Listed of each kind: more than that nobody reads. */
const MOST = 500

/**
 * What may be done after and not before, entry by entry, and the other way round. Work grows with
 * what is touched; where callers are, with all entries of the index, up to the given effort.
 */
export async function differenceOf(
  states: TwoStates,
  touched: Touched,
  effort: Effort,
): Promise<Difference> {
  const { within = ROOT } = touched
  const pairs = new Pairs(states, effort, within)
  const entries: EntryDifference[] = []
  const splits: SplitDifference[] = []
  const members = await membersOf(states, touched, effort)
  for (const member of members.values()) {
    await effort.breathe()
    const different = entryDifference(states, member)
    if (different && isUnder(different.alias, within)) entries.push(different)
    if (effort.spend(splitSteps(member))) splits.push(...splitDifferences(states, member, within))
    for (const caller of callersToCompare(states, member, effort)) {
      await effort.breathe()
      pairs.compare(caller, member.uid)
    }
  }
  await compareCallees(states, members, pairs, effort)
  const { added, removed } = pairs
  return {
    permissions: { added: first(added), removed: first(removed) },
    entries: entries.slice(0, MOST),
    ...(splits.length > 0 && { splits: splits.slice(0, MOST) }),
    complete:
      !effort.isSpent && [added, removed, entries, splits].every(({ length }) => length <= MOST),
  }
}

const first = (list: readonly Permission[]): readonly Permission[] =>
  [...list].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1)).slice(0, MOST)

const placeOf = ({ caller, callee, rule }: Permission): string => `${caller} ${callee} ${rule}`

async function membersOf(
  { before, after }: TwoStates,
  { entries, regions }: Touched,
  effort: Effort,
): Promise<ReadonlyMap<Uid, Member>> {
  const members = new Map<Uid, Member>()
  const add = (uid: Uid, because: Member['because']): boolean => {
    if (members.has(uid)) return true
    const [was, is] = [before.state.entries.get(uid), after.state.entries.get(uid)]
    if (was ?? is) members.set(uid, { uid, before: was, after: is, because })
    return effort.spend()
  }
  for (const region of regions) {
    for (const { state } of [after, before]) {
      for (const { uid } of state.entriesUnder(region)) {
        if (!add(uid, 'above')) return members
        await effort.breathe()
      }
    }
  }
  for (const uid of entries) if (!add(uid, 'itself')) return members
  return members
}

/** Everybody who may call it in one state, and perhaps not in the other. */
function* callersToCompare(
  { before, after }: TwoStates,
  member: Member,
  effort: Effort,
): Iterable<Uid> {
  const sides = [
    [before.state, rulesToCompare(member.before, member)],
    [after.state, rulesToCompare(member.after, member)],
  ] as const
  for (const [state, rules] of sides) {
    for (const caller of rules.flatMap(({ callers }) => callers)) {
      for (const uid of uidsOf(state, caller)) {
        if (!effort.spend()) return
        yield uid
      }
    }
  }
}

function* uidsOf(state: IndexState, caller: RuleCaller): Iterable<Uid> {
  if (typeof caller === 'string') yield caller
  else for (const { uid } of state.entriesUnder(caller.subtree)) yield uid
}

/** Where nothing but its rules differs, those that the other state does not have. */
function rulesToCompare(
  side: Entry | undefined,
  { before, after, because }: Member,
): readonly Rule[] {
  if (!side) return []
  if (because === 'above' || !before || !after || meansAnother(before, after)) return side.rules
  const other = side === before ? after : before
  const same = new Set(other.rules.map((rule) => canonicalize(rule)))
  return side.rules.filter((rule) => !same.has(canonicalize(rule)))
}

/** Is there anything but its rules by which it calls, or is called, otherwise than before? */
const meansAnother = (before: Entry, after: Entry): boolean =>
  canonicalize(standingOf(before)) !== canonicalize(standingOf(after))

const standingOf = ({ alias, state, envelope, validUntil, drainUntil, brake }: Entry): unknown => ({
  alias,
  state,
  envelope,
  validUntil: validUntil ?? null,
  drainUntil: drainUntil ?? null,
  brake: brake?.until ?? null,
})

/** Whom touched callers may call, who is not touched: found by looking at the rules of everybody. */
async function compareCallees(
  { after }: TwoStates,
  members: ReadonlyMap<Uid, Member>,
  pairs: Pairs,
  effort: Effort,
): Promise<void> {
  const callers = [...members.values()].filter(
    (one) =>
      one.because === 'above' || !one.before || !one.after || meansAnother(one.before, one.after),
  )
  if (callers.length === 0) return
  const byUid = new Set(callers.map(({ uid }) => uid))
  const aliasesOf = (one: Member): readonly Alias[] =>
    [one.before?.alias, one.after?.alias].filter((alias) => alias !== undefined)
  // Whoever was there before is there after: entries are retired, and never gone.
  for (const callee of after.state.entriesUnder(ROOT)) {
    await effort.breathe()
    if (!effort.spend(1 + callee.rules.length)) return
    // It is compared as a callee already.
    if (members.has(callee.uid)) continue
    for (const caller of callee.rules.flatMap((rule) => rule.callers)) {
      await effort.breathe()
      if (typeof caller === 'string') {
        if (byUid.has(caller)) pairs.compare(caller, callee.uid)
        continue
      }
      for (const one of callers) {
        await effort.breathe()
        if (!effort.spend()) return
        if (aliasesOf(one).some((alias) => isUnder(alias, caller.subtree))) {
          pairs.compare(one.uid, callee.uid)
        }
      }
    }
  }
}

/** Compares what two entries may do with each other, once for each two. */
class Pairs {
  readonly added: Permission[] = []
  readonly removed: Permission[] = []
  private readonly seen = new Set<string>()
  private readonly states: TwoStates
  private readonly effort: Effort
  private readonly within: Alias

  constructor(states: TwoStates, effort: Effort, within: Alias) {
    this.within = within
    this.states = states
    this.effort = effort
  }

  compare(caller: Uid, callee: Uid): void {
    const pair = `${caller} ${callee}`
    if (this.seen.has(pair) || !this.effort.spend(1 + this.stepsOf(callee))) return
    this.seen.add(pair)
    const [was, is] = [this.states.before, this.states.after].map((moment) =>
      between(moment, caller, callee),
    )
    if (!was || !is) return
    const isTold = (one: Permission): boolean =>
      isUnder(one.caller, this.within) || isUnder(one.callee, this.within)
    this.added.push(...permissionsBeyond(is, was).filter(isTold))
    this.removed.push(...permissionsBeyond(was, is).filter(isTold))
  }

  /** What is allowed in each state is found, and then held against the other, both ways. */
  private stepsOf(callee: Uid): number {
    return [this.states.before, this.states.after]
      .map(({ state }) => 2 * ruleSteps(state.entries.get(callee)?.rules ?? []))
      .reduce((sum, steps) => sum + steps, 0)
  }
}

function between({ state, at }: Moment, caller: Uid, callee: Uid): readonly Permission[] {
  const [calls, accepts] = [state.entries.get(caller), state.entries.get(callee)]
  return calls && accepts ? permissionsBetween(state, calls, accepts, at) : []
}
