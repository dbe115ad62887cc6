import { type Alias, isUnder, parentAlias, ROOT } from '../../core/alias.js'
import { ok, type Result } from '../../core/result.js'
import type { UnixSeconds } from '../../core/time.js'
import type { Entry } from '../entry.js'
import { effectiveEnvelope } from '../effective-envelope.js'
import { type Permission, names, permissionsBetween } from '../permit/permissions.js'
import { unknown } from '../resolve-request.js'
import { type IndexState, placeOf } from '../state.js'
import type { Effort } from './effort.js'
import { ruleSteps } from './rule-steps.js'

export interface ReachPage {
  readonly at: UnixSeconds
  /** Callees, or callers, at most. */
  readonly limit: number
  /** Where the page before ended. */
  readonly after?: string
}

/** The other side of calls that are allowed now, and by what. */
export interface Reached {
  readonly entry: Entry
  readonly permissions: readonly Permission[]
}

export interface ReachedPage {
  readonly reached: readonly Reached[]
  /** Where what follows begins; absent after the last. A page may hold nothing and have one. */
  readonly next?: string
}

export interface ReachedFrom extends ReachedPage {
  readonly entry: Entry
  readonly at: UnixSeconds
}

/** The entries that an entry may call, or that may call it. */
export type ReachSide = 'callees' | 'callers'

export async function reachedFrom(
  state: IndexState,
  side: ReachSide,
  alias: Alias,
  page: ReachPage,
  effort: Effort,
): Promise<Result<ReachedFrom>> {
  const entry = state.resolve(alias)
  if (!entry) return unknown('entry', alias)
  const found = side === 'callees' ? reachOf : callersOf
  return ok({ entry, at: page.at, ...(await found(state, entry, page, effort)) })
}

/**
 * Whom an entry may call. Rules are kept with the callee, so every entry in the region that the
 * caller's envelope lets it call is looked at: the work grows with them, and a page ends with the effort.
 */
function reachOf(
  state: IndexState,
  caller: Entry,
  page: ReachPage,
  effort: Effort,
): Promise<ReachedPage> {
  const { mayCall = [] } = effectiveEnvelope(state, caller)
  const callees = inRegions(state, mayCall, page.after)
  return pageOf(callees, page, effort, (callee) => {
    effort.spend(callee.rules.length)
    if (!callee.rules.some((rule) => names(rule, caller))) return []
    effort.spend(ruleSteps(callee.rules))
    return permissionsBetween(state, caller, callee, page.at)
  })
}

/**
 * Who may call an entry: those that its rules name first, then region by region those in subtrees that
 * they name. The work grows with these.
 */
function callersOf(
  state: IndexState,
  callee: Entry,
  page: ReachPage,
  effort: Effort,
): Promise<ReachedPage> {
  return pageOf(namedBy(state, callee, page.after, effort), page, effort, (caller) => {
    effort.spend(ruleSteps(callee.rules))
    return permissionsBetween(state, caller, callee, page.at)
  })
}

async function pageOf(
  entries: Iterable<Entry>,
  { at, limit }: ReachPage,
  effort: Effort,
  permitted: (entry: Entry) => readonly Permission[],
): Promise<ReachedPage> {
  const reached: Reached[] = []
  let last: Entry | undefined
  for (const entry of entries) {
    if (last && (reached.length === limit || effort.isSpent))
      return { reached, next: placeOf(last) }
    await effort.breathe()
    effort.spend()
    last = entry
    const permissions = permitted(entry).filter(({ from = 0 }) => from <= at)
    if (permissions.length > 0) reached.push({ entry, permissions })
  }
  return { reached }
}

function* inRegions(
  state: IndexState,
  regions: readonly Alias[],
  after: string | undefined,
): Iterable<Entry> {
  // Regions do not overlap: the one in which a page ended is the one to go on in.
  const ended = after === undefined ? undefined : aliasIn(after)
  const start = ended === undefined ? 0 : regions.findIndex((region) => isUnder(ended, region))
  for (const [index, region] of regions.slice(Math.max(start, 0)).entries()) {
    yield* state.entriesUnder(region, index === 0 && start >= 0 ? after : undefined)
  }
}

const aliasIn = (place: string): Alias => place.slice(0, place.indexOf(' ')) as Alias

function* namedBy(
  state: IndexState,
  callee: Entry,
  after: string | undefined,
  effort: Effort,
): Iterable<Entry> {
  const named = callee.rules.flatMap(({ callers }) => callers)
  effort.spend(Math.ceil(named.length / 16))
  const subtrees = named.flatMap((one) => (typeof one === 'string' ? [] : [one.subtree]))
  const regions = topmost(subtrees)
  const tops = new Set(regions)
  const isIn = (alias: Alias): boolean => isWithin(alias, tops)
  const inRegion = after !== undefined && isIn(aliasIn(after))
  if (!inRegion) {
    const uids = new Set(named.flatMap((one) => (typeof one === 'string' ? [one] : [])))
    const own = [...uids].flatMap((uid) => state.entries.get(uid) ?? [])
    effort.spend(Math.ceil(uids.size / 2))
    yield* own
      .filter((entry) => !isIn(entry.alias) && (after === undefined || placeOf(entry) > after))
      .sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1))
  }
  yield* inRegions(state, regions, inRegion ? after : undefined)
}

/** Those that are in no other, in order. Linear: a rule set may name very many. */
function topmost(regions: readonly Alias[]): readonly Alias[] {
  const all = new Set(regions)
  return [...all].filter((region) => region === ROOT || !isWithin(parentAlias(region), all)).sort()
}

/** Is it in one of these regions? */
function isWithin(alias: Alias, regions: ReadonlySet<Alias>): boolean {
  for (let region = alias; ; region = parentAlias(region)) {
    if (regions.has(region)) return true
    if (region === ROOT) return false
  }
}
