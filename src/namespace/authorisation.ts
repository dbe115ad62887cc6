import type { Alias } from '../core/alias.js'
import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { CastVote, Decision } from './ballot.js'
import { open } from './dsse.js'
import type { ChangeClass, Group } from './group.js'
import { changeOf, deliberation, describe, type HistoryItem } from './history.js'
import { isDeliberation, type LogRecord, readRecord, recoveryKinds } from './log-record.js'
import type { IndexLog, StoredRecord } from './ports.js'
import { recoveryIn } from './recovery/recovery-view.js'
import type { IndexState } from './state.js'
import { operationOf, proposalId, readGenesis, readProposal, readVote } from './statements.js'

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
}

/** Who made an object what it is at one revision. */
export interface Authorisation extends DecidedChange {
  /** The other changes of the same kind, oldest first: of the latest that there were. */
  readonly others: readonly HistoryItem[]
  /** Records before those, which were not looked through; absent where there are none. */
  readonly notLookedAt?: number
}

type Log = Pick<IndexLog, 'read'>
/** Answers as `groupAt`, and may remember. */
type GroupOf = (record: LogRecord) => Promise<Group | undefined>

/** Records of one object that are looked through for one answer: the latest. */
const MOST_READ = 100

/** Undefined where no record of the log made the object so: then the tables are not of this log. */
export async function authorisationOf(
  log: Log,
  state: IndexState,
  { uid, rev }: { readonly uid: Uid; readonly rev: number },
): Promise<Authorisation | undefined> {
  const found = await revisionDecided(log, state, { uid, rev }, groupsOnce(log, state))
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
async function revisionDecided(
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

/** Who made an entry what it is, in so far as an answer about all its ports says so. */
export interface EntryDecisions {
  /** By the revision. */
  readonly revisions: ReadonlyMap<number, DecidedChange>
  /** Of traffic splits, by the port. */
  readonly splits: ReadonlyMap<number, DecidedChange>
}

export interface AskedDecisions {
  readonly uid: Uid
  readonly revisions: readonly number[]
  readonly splits: readonly number[]
}

/** Without those that no record of the log made. No record is read for two of them. */
export async function entryDecisions(
  log: Log,
  state: IndexState,
  { uid, revisions, splits }: AskedDecisions,
): Promise<EntryDecisions> {
  const groupOf = groupsOnce(log, state)
  const found = new Map<number, DecidedChange>()
  for (const rev of new Set(revisions)) {
    const change = await revisionDecided(log, state, { uid, rev }, groupOf)
    if (change) found.set(rev, change)
  }
  return { revisions: found, splits: await splitsDecided(log, state, { uid, splits }, groupOf) }
}

/** Who made the traffic split of a port what it is, by the latest records; undefined where none of them did. */
export async function splitAuthorisationOf(
  log: Log,
  state: IndexState,
  { uid, port }: { readonly uid: Uid; readonly port: number },
): Promise<DecidedChange | undefined> {
  const asked = { uid, splits: [port] }
  return (await splitsDecided(log, state, asked, groupsOnce(log, state))).get(port)
}

async function splitsDecided(
  log: Log,
  state: IndexState,
  { uid, splits }: Omit<AskedDecisions, 'revisions'>,
  groupOf: GroupOf,
): Promise<ReadonlyMap<number, DecidedChange>> {
  const left = new Set(splits)
  const found = new Map<number, DecidedChange>()
  for (const seq of state.recordsOf(uid).slice(-MOST_READ).toReversed()) {
    if (left.size === 0) break
    const change = await described(log, state, seq)
    if (change?.item.op !== 'split.set') continue
    const record = readRecord(change.stored.bytes)
    if (!record || isDeliberation(record)) continue
    const port = await portOfSplit(log, state, change.stored, record)
    if (port === undefined || !left.delete(port)) continue
    const group = await groupOf(record)
    found.set(port, await decided(log, state, { ...change, record, group }))
  }
  return found
}

async function portOfSplit(
  log: Log,
  state: IndexState,
  stored: StoredRecord,
  record: LogRecord,
): Promise<number | undefined> {
  const [first] = stored.envelopes
  const statement = first && open(first)
  const proposal = statement
    ? readProposal(statement)
    : (await deliberation(log, state, stored))?.proposal
  const operation = proposal && operationOf(changeOf(proposal, record))
  return operation?.op === 'split.set' ? operation.body.split.port : undefined
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
  readonly group: Group | undefined
}

async function decided(
  log: Log,
  state: IndexState,
  { item, stored, record, group }: Decided,
): Promise<DecidedChange> {
  return {
    item,
    scope: state.scopes.get(record.group.uid)?.alias ?? (item.subject as Alias),
    group: record.group.rev,
    voices: (await votesOf(log, state, stored)).map((vote) => voiced(vote, group)),
    ...(group && isOfGroup(record) && { needs: needsOf(group, record.class) }),
  }
}

/** What a recovery set or a grant takes is said in the group, and not by class. */
const isOfGroup = ({ kind }: LogRecord): boolean =>
  kind !== 'emergency' && !recoveryKinds.some((one) => one === kind)

interface Described {
  readonly item: HistoryItem
  readonly stored: StoredRecord
}

async function described(
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

/** The group that decided, as it was then; undefined where its making is too far back. */
export async function groupAt(
  log: Log,
  state: IndexState,
  { seq: decided, group: { uid, rev } }: LogRecord,
): Promise<Group | undefined> {
  const now = state.scopes.get(uid)?.group
  if (now?.rev === rev) return now
  const before = state.recordsOf(uid).filter((seq) => seq < decided)
  for (const seq of before.slice(-MOST_READ).reverse()) {
    const [stored] = await log.read(seq, 1)
    const group = stored && (await groupMadeBy(log, state, stored))
    if (group) return { ...group, rev }
  }
  return undefined
}

/** As `groupAt`. Each revision of a group is looked for once. */
export function groupsOnce(
  log: Log,
  state: IndexState,
  looking: (record: LogRecord) => unknown = () => undefined,
): GroupOf {
  const groups = new Map<string, Group | undefined>()
  return async (record) => {
    const { uid, rev } = record.group
    const key = `${uid} ${rev}`
    if (!groups.has(key)) {
      looking(record)
      groups.set(key, await groupAt(log, state, record))
    }
    return groups.get(key)
  }
}

export async function groupMadeBy(
  log: Log,
  state: IndexState,
  stored: StoredRecord,
): Promise<Omit<Group, 'rev'> | undefined> {
  const [first] = stored.envelopes
  const statement = first && open(first)
  const genesis = statement && readGenesis(statement)
  if (genesis) return genesis.group
  const record = readRecord(stored.bytes)
  if (!record || isDeliberation(record)) return undefined
  if (record.kind === 'recovery-finish') return recoveryIn(stored)?.group
  const row = state.tables.proposals.get(proposalId(record.prop))
  const proposal = statement
    ? readProposal(statement)
    : (row && (await deliberation(log, state, stored)))?.proposal
  const operation = proposal && operationOf(proposal)
  return operation?.op === 'group.set' ? operation.body.group : undefined
}
