import type { UnixSeconds } from '../../core/time.js'
import { describe as describeRecord, deliberation } from '../history.js'
import { groupMadeBy } from '../group-then.js'
import { ratifiedKey, ratifyBefore } from '../emergency/uses.js'
import type { IndexLog } from '../ports.js'
import type { IndexState } from '../state.js'
import { committedPage, type Committed, type LogPage, type Told, told } from './committed.js'
import type { Effort } from './effort.js'

/** What is not the usual way of deciding. */
export type ExceptionKind =
  /** Those above gave a scope other voters, over the heads of its own. */
  | 'intervention'
  /** Voters suspended something at once, without a vote. */
  | 'brake'
  /** A grant was used, or voters said that this was right. */
  | 'emergency'
  /** A recovery set replaces voters, is stopped, or has replaced them. */
  | 'recovery'
  /** Two votes that contradict each other suspended their voter. */
  | 'equivocation'
  /** A guard was lifted or loosened. */
  | 'guard-loosened'
  /** A group that says that one lost voter may be the end of it, or that one decides alone. */
  | 'weak-group'

export interface Exception extends Told {
  readonly kind: ExceptionKind
  readonly op: string
  readonly by: string
  readonly reason?: string
  /** Of the use of a grant: have voters said that it was right? */
  readonly ratification?: Ratification
}

/** `waits` while voters may still say so; from then on it is `missed`, and the grant is disabled. */
export type Ratification = 'ratified' | 'waits' | 'missed'

export interface ExceptionPage {
  readonly exceptions: readonly Exception[]
  readonly next?: number
}

/** From a record on: the work grows with the records, and a page ends with the effort. */
export async function exceptionsIn(
  log: Pick<IndexLog, 'read'>,
  state: IndexState,
  { now, ...page }: LogPage & { readonly now: UnixSeconds },
  effort: Effort,
): Promise<ExceptionPage> {
  const { found, next } = await committedPage(log, state, page, effort, async (committed) => {
    const { record, stored } = committed
    // All about entries is decided in the usual way, but for brakes.
    const isOrdinary =
      !record.subject.uid.startsWith('s') && record.kind !== 'brake' && record.kind !== 'emergency'
    if (isOrdinary || record.kind === 'genesis') return undefined
    const item = describeRecord(stored, await deliberation(log, state, stored))
    const kind = item && (await kindOf(log, state, committed, item.op, effort))
    if (!kind) return undefined
    const exception: Exception = {
      ...told(record),
      kind,
      op: item.op,
      by: item.by,
      ...(item.reason !== undefined && { reason: item.reason }),
      ...(record.kind === 'emergency' && { ratification: ratificationOf(state, record, now) }),
    }
    return exception
  })
  return { exceptions: found, ...(next !== undefined && { next }) }
}

/** By the clock: no record says that it is too late. */
function ratificationOf(
  state: IndexState,
  { seq, ts, group }: Committed['record'],
  now: UnixSeconds,
): Ratification {
  if (state.tables.history.get(ratifiedKey(group.uid, seq)) !== undefined) return 'ratified'
  return now < ratifyBefore({ at: ts }) ? 'waits' : 'missed'
}

async function kindOf(
  log: Pick<IndexLog, 'read'>,
  state: IndexState,
  committed: Committed,
  op: string,
  effort: Effort,
): Promise<ExceptionKind | undefined> {
  const { record, stored } = committed
  if (record.kind === 'brake') return 'brake'
  if (record.kind === 'evidence') return 'equivocation'
  if (record.kind === 'emergency' || op === 'emergency.ratify') return 'emergency'
  if (record.kind !== 'commit') return 'recovery'
  if (op.startsWith('guard.') && record.class === 'structural') return 'guard-loosened'
  if (op !== 'group.set') return undefined
  if (record.group.uid !== record.subject.uid && (await hadVoters(log, state, committed, effort))) {
    return 'intervention'
  }
  const made = await groupMadeBy(log, state, stored)
  return made && (made.solo || made.acceptsSinglePointOfLoss) ? 'weak-group' : undefined
}

/** Had the scope voters of its own before this record? */
async function hadVoters(
  log: Pick<IndexLog, 'read'>,
  state: IndexState,
  { record }: Committed,
  effort: Effort,
): Promise<boolean> {
  for (const seq of state.recordsOf(record.subject.uid)) {
    if (seq >= record.seq) return false
    // The page ends when the effort does: what is begun is told as it is.
    effort.spend(8)
    await effort.breathe()
    const [stored] = await log.read(seq, 1)
    if (stored && (await groupMadeBy(log, state, stored))) return true
  }
  return false
}
