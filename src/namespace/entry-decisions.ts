import type { Uid } from '../core/uid.js'
import {
  type DecidedChange,
  decided,
  described,
  MOST_READ,
  revisionDecided,
} from './authorisation.js'
import { open } from './dsse.js'
import { type GroupOf, groupsOnce } from './group-then.js'
import { changeOf, deliberation } from './history.js'
import { isDeliberation, type LogRecord, readRecord } from './log-record.js'
import type { IndexLog, StoredRecord } from './ports.js'
import type { IndexState } from './state.js'
import { operationOf, readProposal } from './statements.js'

type Log = Pick<IndexLog, 'read'>

/** Who made an entry what it is, in so far as an answer about all its ports says so. */
export interface EntryDecisions extends SplitsDecided {
  /** By the revision. */
  readonly revisions: ReadonlyMap<number, DecidedChange>
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
  const groupOf = groupsOnce(log, state, { most: MOST_READ })
  const found = new Map<number, DecidedChange>()
  for (const rev of new Set(revisions)) {
    const change = await revisionDecided(log, state, { uid, rev }, groupOf)
    if (change) found.set(rev, change)
  }
  return { revisions: found, ...(await splitsDecided(log, state, { uid, splits }, groupOf)) }
}

/** Who made one traffic split what it is. */
export interface SplitDecision {
  /** Undefined where none of the records that were looked through did. */
  readonly decided?: DecidedChange
  /** Then: records of the entry before those; absent where there are none. */
  readonly notLookedAt?: number
}

/** Who made the traffic split of a port what it is, by the latest records. */
export async function splitAuthorisationOf(
  log: Log,
  state: IndexState,
  { uid, port }: { readonly uid: Uid; readonly port: number },
): Promise<SplitDecision> {
  const groupOf = groupsOnce(log, state, { most: MOST_READ })
  return splitDecision(await splitsDecided(log, state, { uid, splits: [port] }, groupOf), port)
}

/** Of one port, of several that were looked for. */
export function splitDecision({ splits, notLookedAt }: SplitsDecided, port: number): SplitDecision {
  const found = splits.get(port)
  if (found) return { decided: found }
  return notLookedAt === undefined ? {} : { notLookedAt }
}

interface SplitsDecided {
  /** Of traffic splits, by the port. */
  readonly splits: ReadonlyMap<number, DecidedChange>
  /** Where one is missing: records before those that were looked through. */
  readonly notLookedAt?: number
}

async function splitsDecided(
  log: Log,
  state: IndexState,
  { uid, splits }: Omit<AskedDecisions, 'revisions'>,
  groupOf: GroupOf,
): Promise<SplitsDecided> {
  const left = new Set(splits)
  const found = new Map<number, DecidedChange>()
  const records = state.recordsOf(uid)
  for (const seq of records.slice(-MOST_READ).toReversed()) {
    if (left.size === 0) break
    const change = await described(log, state, seq)
    if (change?.item.op !== 'split.set') continue
    const record = readRecord(change.stored.bytes)
    if (!record || isDeliberation(record)) continue
    const port = await portOfSplit(log, state, change.stored, record)
    if (port === undefined || !left.delete(port)) continue
    found.set(port, await decided(log, state, { ...change, record, group: await groupOf(record) }))
  }
  const isCut = left.size > 0 && records.length > MOST_READ
  return { splits: found, ...(isCut && { notLookedAt: records.length - MOST_READ }) }
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
