import type { Alias } from '../core/alias.js'
import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { Decision } from './ballot.js'
import { open } from './dsse.js'
import type { ChangeClass, Group } from './group.js'
import { deliberation, describe, type HistoryItem } from './history.js'
import { isDeliberation, type LogRecord, readRecord } from './log-record.js'
import type { IndexLog, StoredRecord } from './ports.js'
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

/** Who made an object what it is at one revision, and by what right. */
export interface Authorisation {
  readonly item: HistoryItem
  /** Alias of the scope whose voters decided, and the revision of their group. */
  readonly scope: Alias
  readonly group: number
  readonly voices: readonly Voice[]
  /** What the group asked for such a change, before any guard. */
  readonly needs?: { readonly threshold: number; readonly controllers: number }
  /** The other changes of the same kind, oldest first. */
  readonly others: readonly HistoryItem[]
}

type Log = Pick<IndexLog, 'read'>

/** Undefined where no record of the log made the object so: then the tables are not of this log. */
export async function authorisationOf(
  log: Log,
  state: IndexState,
  { uid, rev }: { readonly uid: Uid; readonly rev: number },
): Promise<Authorisation | undefined> {
  const others: HistoryItem[] = []
  let found: { readonly item: HistoryItem; readonly stored: StoredRecord } | undefined
  for (const seq of state.recordsOf(uid)) {
    const [stored] = await log.read(seq, 1)
    const item = stored && describe(stored, await deliberation(log, state, stored))
    if (!stored || !item) continue
    if (item.rev === rev) found = { item, stored }
    else others.push(item)
  }
  const record = found && readRecord(found.stored.bytes)
  if (!found || !record || isDeliberation(record)) return undefined
  const { item, stored } = found
  const group = await groupAt(log, state, record.group)
  const kind = item.op.slice(0, item.op.indexOf('.') + 1)
  return {
    item,
    scope: state.scopes.get(record.group.uid)?.alias ?? (item.subject as Alias),
    group: record.group.rev,
    voices: (await votesOf(log, state, stored)).map((vote) => voiced(vote, group)),
    ...(group && { needs: needsOf(group, record.class) }),
    others: others.filter(({ op }) => op.startsWith(kind)),
  }
}

const needsOf = ({ threshold, minControllers }: Group, changeClass: ChangeClass) => ({
  threshold: threshold[changeClass],
  controllers: minControllers[changeClass],
})

type Cast = Pick<Voice, 'voter' | 'decision' | 'cast'>

function voiced({ voter, decision, cast }: Cast, group: Group | undefined): Voice {
  const known = group?.voters.find(({ id }) => id === voter)
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

/** A group as it was at one of its revisions: of the genesis, and of each change of it in the log. */
export async function groupAt(
  log: Log,
  state: IndexState,
  { uid, rev }: LogRecord['group'],
): Promise<Group | undefined> {
  const now = state.scopes.get(uid)?.group
  if (now?.rev === rev) return now
  let at = 0
  for (const seq of state.recordsOf(uid)) {
    const [stored] = await log.read(seq, 1)
    const group = stored && (await groupMadeBy(log, state, stored))
    if (!group) continue
    at += 1
    if (at === rev) return { ...group, rev }
  }
  return undefined
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
  const row = state.tables.proposals.get(proposalId(record.prop))
  const proposal = statement
    ? readProposal(statement)
    : (row && (await deliberation(log, state, stored)))?.proposal
  const operation = proposal && operationOf(proposal)
  return operation?.op === 'group.set' ? operation.body.group : undefined
}
