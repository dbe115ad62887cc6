import { type Alias, isUnder, ROOT } from '../../core/alias.js'
import { ok, refuse, type Result } from '../../core/result.js'
import type { UnixSeconds } from '../../core/time.js'
import type { IndexStore, Pace } from '../ports.js'
import { unknown } from '../resolve-request.js'
import type { IndexState } from '../state.js'
import type { StateSource } from '../state-tables.js'
import { StateView } from '../state-view.js'
import { type Difference, differenceOf } from './difference.js'
import { Effort } from './effort.js'
import { type ObjectDifference, objectsDifference } from './objects.js'
import { changedBetween, type PastMoment, sizeAt, stateAt } from './past.js'

export interface AskedDiff {
  readonly from: PastMoment
  readonly to: PastMoment
  /** Only what is at and under it, and calls to and from there; the root: everything. */
  readonly scope: Alias
}

/** What was changed between two moments of the index. */
export interface Diff extends Difference {
  readonly from: PastState
  readonly to: PastState
  readonly objects: readonly ObjectDifference[]
}

export interface PastState {
  /** Records in the log. */
  readonly size: number
  /** Log time of the last of them. */
  readonly at: UnixSeconds
}

/** What the index as it was is read again from. */
export interface DiffStore extends Pick<IndexStore, 'scratch' | 'size' | 'read'> {
  readonly snapshot: () => StateSource & Disposable
}

/** A hundred times what one call over the network may cost: nobody asks this from there. */
const STEPS = 2_000_000

/**
 * Permissions, names and objects that records between two moments made others; both are looked at in
 * the second of the later one, so that what only ended by its own time is no difference.
 */
export async function diffOf(
  store: DiffStore,
  asked: AskedDiff,
  pace: Pace,
): Promise<Result<Diff>> {
  const from = await sizeAt(store, asked.from)
  const to = await sizeAt(store, asked.to)
  if (!from.ok) return from
  if (!to.ok) return to
  if (from.value > to.value) {
    return refuse('namespace.malformed', 'the first moment is after the second', {
      wanted: 'the earlier one first',
      found: `${from.value} and ${to.value} records`,
      next: 'capstan diff FROM TO',
    })
  }
  const before = await stateAt(store, from.value, pace)
  if (!before.ok) return before
  await using earlier = before.value
  using now = store.snapshot()
  if (now.meta.size === to.value) {
    return await compared(store, [earlier.state, new StateView(now)], asked.scope, pace)
  }
  const after = await stateAt(store, to.value, pace)
  if (!after.ok) return after
  await using later = after.value
  return await compared(store, [earlier.state, later.state], asked.scope, pace)
}

/** A scope, an entry, or the beginning of some alias. */
function isKnown(state: IndexState, alias: Alias): boolean {
  if (alias === ROOT || state.scopeByAlias(alias)) return true
  for (const _ of state.entriesUnder(alias)) return true
  return state.resolve(alias) !== undefined
}

async function compared(
  store: DiffStore,
  [before, after]: readonly [IndexState, IndexState],
  scope: Alias,
  pace: Pace,
): Promise<Result<Diff>> {
  const isThere = [before, after].some((state) => isKnown(state, scope))
  if (!isThere) return unknown('scope or entry', scope)
  const uids = await changedBetween(store, [before.size, after.size], pace)
  const { objects, touched } = objectsDifference(before, after, uids)
  const at = after.at
  const states = { before: { state: before, at }, after: { state: after, at } }
  const effort = new Effort(pace, STEPS)
  const difference = await differenceOf(states, { ...touched, within: scope }, effort)
  const inScope = objects.filter(({ alias }) => isUnder(alias, scope))
  return ok({
    from: { size: before.size, at: before.at },
    to: { size: after.size, at },
    objects: inScope.slice(0, MOST),
    ...difference,
    complete: difference.complete && inScope.length <= MOST,
  })
}

const MOST = 1000
