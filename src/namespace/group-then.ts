import { open } from './dsse.js'
import type { Group } from './group.js'
import { deliberation } from './history.js'
import { isDeliberation, type LogRecord, readRecord } from './log-record.js'
import type { IndexLog, StoredRecord } from './ports.js'
import { recoveryIn } from './recovery/recovery-view.js'
import type { IndexState } from './state.js'
import { operationOf, proposalId, readGenesis, readProposal } from './statements.js'

type Log = Pick<IndexLog, 'read'>

export interface GroupThen {
  readonly found?: Group
  /** Where it was not found: records of its scope that were not looked through; absent where there are none. */
  readonly notLookedAt?: number
}

/** The group that decided a record, as it was then. */
export type GroupOf = (record: LogRecord) => Promise<GroupThen>

/** How far an answer looks for a group. */
export interface Looking {
  /** Records of the scope, latest first. */
  readonly most: number
  /** Told before each of them. */
  readonly each?: () => Promise<void> | undefined
}

async function groupAt(
  log: Log,
  state: IndexState,
  { seq: decided, group: { uid, rev } }: LogRecord,
  { most, each }: Looking,
): Promise<GroupThen> {
  const now = state.scopes.get(uid)?.group
  if (now?.rev === rev) return { found: now }
  const before = state.recordsOf(uid).filter((seq) => seq < decided)
  const latest = before.slice(-most)
  for (const seq of latest.toReversed()) {
    await each?.()
    const [stored] = await log.read(seq, 1)
    const group = stored && (await groupMadeBy(log, state, stored))
    if (group) return { found: { ...group, rev } }
  }
  return latest.length < before.length ? { notLookedAt: before.length - latest.length } : {}
}

/** Each revision of a group is looked for once. */
export function groupsOnce(log: Log, state: IndexState, looking: Looking): GroupOf {
  const groups = new Map<string, GroupThen>()
  return async (record) => {
    const { uid, rev } = record.group
    const key = `${uid} ${rev}`
    const known = groups.get(key)
    if (known) return known
    const group = await groupAt(log, state, record, looking)
    groups.set(key, group)
    return group
  }
}

/** The group that a record gave its scope; undefined for one that gave it none. */
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
