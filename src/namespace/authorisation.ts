import type { Alias } from '../core/alias.js'
import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { CastVote, Decision } from './ballot.js'
import { open } from './dsse.js'
import type { ChangeClass, Group } from './group.js'
import { type GroupOf, groupsOnce, type GroupThen } from './group-then.js'
import { deliberation, describe, type HistoryItem } from './history.js'
import { isDeliberation, type LogRecord, readRecord, recoveryKinds } from './log-record.js'
import type { IndexLog, StoredRecord } from './ports.js'
import type { IndexState } from './state.js'
import { readVote } from './statements.js'

/** One vote that was cast about a change, with what its voter was worth then. */
export interface Voice {
  readonly voter: string
  readonly decision: Decision
  readonly cast: UnixSeconds
  /** Undefined for a voter of another group that was asked too. */
  readonly controller?: string
  readonly weight?: number
}

/** One change, who decided about it, and by what right. */
export interface DecidedChange {
  readonly item: HistoryItem
  /** Alias of the scope whose voters decided, and the revision of their group. */
  readonly scope: Alias
  readonly group: number
  readonly voices: readonly Voice[]
  /** What the group asked for such a change, before any guard. */
  readonly needs?: { readonly threshold: number; readonly controllers: number }
  /**
   * Where what the group was then is not known, and so neither `needs` nor what a voter was worth: records
   * of the scope that were not looked through for it.
   */
  readonly groupNotLookedAt?: number
}

/** Who made an object what it is at one revision. */
export interface Authorisation extends DecidedChange {
  /** The other changes of the same kind, oldest first: of the latest that there were. */
  readonly others: readonly HistoryItem[]
  /** Records before those, which were not looked through; absent where there are none. */
  readonly notLookedAt?: number
}

type Log = Pick<IndexLog, 'read'>

/** Records of one object that are looked through for one answer: the latest. */
export const MOST_READ = 100

/** Undefined where no record of the log made the object so: then the tables are not of this log. */
export async function authorisationOf(
  log: Log,
  state: IndexState,
  { uid, rev }: { readonly uid: Uid; readonly rev: number },
): Promise<Authorisation | undefined> {
  const groupOf = groupsOnce(log, state, { most: MOST_READ })
  const found = await revisionDecided(log, state, { uid, rev }, groupOf)
  if (!found) return undefined
  const { op } = found.item
  const kind = op.slice(0, op.indexOf('.') + 1)
  const others = state.recordsOf(uid).toSpliced(rev - 1, 1)
  return {
    ...found,
    others: await othersOf(log, state, others, kind),
    ...(others.length > MOST_READ && { notLookedAt: others.length - MOST_READ }),
  }
}

/** The change that made one revision of an object, without what else was changed of it. */
export async function revisionDecided(
  log: Log,
  state: IndexState,
  { uid, rev }: { readonly uid: Uid; readonly rev: number },
  groupOf: GroupOf,
): Promise<DecidedChange | undefined> {
  // Each record about an object makes one revision of it.
  const found = await described(log, state, state.recordsOf(uid)[rev - 1])
  const record = found && readRecord(found.stored.bytes)
  if (found?.item.rev !== rev || !record || isDeliberation(record)) return undefined
  return decided(log, state, { ...found, record, group: await groupOf(record) })
}

/** What a record of the log changed; undefined for one that changed nothing. */
export async function decidedChange(
  log: Log,
  state: IndexState,
  { stored, record }: { readonly stored: StoredRecord; readonly record: LogRecord },
  groupOf: GroupOf,
): Promise<DecidedChange | undefined> {
  const item = describe(stored, await deliberation(log, state, stored))
  return item && decided(log, state, { item, stored, record, group: await groupOf(record) })
}

interface Decided extends Described {
  readonly record: LogRecord
  readonly group: GroupThen
}

/** With the votes that were cast, and what they were worth in that group. */
export async function decided(
  log: Log,
  state: IndexState,
  { item, stored, record, group: { found: group, notLookedAt } }: Decided,
): Promise<DecidedChange> {
  return {
    item,
    scope: state.scopes.get(record.group.uid)?.alias ?? (item.subject as Alias),
    group: record.group.rev,
    voices: (await votesOf(log, state, stored)).map((vote) => voiced(vote, group)),
    ...(group && isOfGroup(record) && { needs: needsOf(group, record.class) }),
    ...(notLookedAt !== undefined && { groupNotLookedAt: notLookedAt }),
  }
}

/** What a recovery set or a grant takes is said in the group, and not by class. */
const isOfGroup = ({ kind }: LogRecord): boolean =>
  kind !== 'emergency' && !recoveryKinds.some((one) => one === kind)

interface Described {
  readonly item: HistoryItem
  readonly stored: StoredRecord
}

/** What one record changed; undefined where it changed nothing. */
export async function described(
  log: Log,
  state: IndexState,
  seq: number | undefined,
): Promise<Described | undefined> {
  const [stored] = seq === undefined ? [] : await log.read(seq, 1)
  const item = stored && describe(stored, await deliberation(log, state, stored))
  return item && { item, stored }
}

async function othersOf(
  log: Log,
  state: IndexState,
  records: readonly number[],
  kind: string,
): Promise<readonly HistoryItem[]> {
  const others: HistoryItem[] = []
  for (const seq of records.slice(-MOST_READ)) {
    const found = await described(log, state, seq)
    if (found?.item.op.startsWith(kind) === true) others.push(found.item)
  }
  return others
}

const needsOf = ({ threshold, minControllers }: Group, changeClass: ChangeClass) => ({
  threshold: threshold[changeClass],
  controllers: minControllers[changeClass],
})

type Cast = Pick<Voice, 'voter' | 'decision' | 'cast'> & Partial<Pick<CastVote, 'in'>>

function voiced({ voter, decision, cast, in: sides }: Cast, group: Group | undefined): Voice {
  // Another group that was asked too may have a voter of the same id.
  const isOfGroup = sides?.includes('present') ?? true
  const known = isOfGroup ? group?.voters.find(({ id }) => id === voter) : undefined
  const worth = known && { controller: known.controller, weight: known.weight }
  return { voter, decision, cast, ...worth }
}

async function votesOf(
  log: Log,
  state: IndexState,
  stored: StoredRecord,
): Promise<readonly Cast[]> {
  const said = await deliberation(log, state, stored)
  if (said) return said.votes
  return stored.envelopes.slice(1).flatMap((envelope) => {
    const opened = open(envelope)
    const vote = opened && readVote(opened)
    return vote ? [vote.predicate] : []
  })
}
