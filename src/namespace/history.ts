import { type Alias, ROOT } from '../core/alias.js'
import type { Refusal } from '../core/refusal.js'
import { ok, type Result } from '../core/result.js'
import { plus, toIso, type UnixSeconds } from '../core/time.js'
import { type Uid, uidsIn } from '../core/uid.js'
import { brakeIn } from './brake-view.js'
import { type CastVote, decisions } from './ballot.js'
import { open, type Opened } from './dsse.js'
import { type InvocationStatement, readInvocation } from './emergency/emergency-statements.js'
import type { ChangeClass } from './group.js'
import { isDeliberation, type LogRecord, readRecord } from './log-record.js'
import { isCalled, NamesThen } from './names-then.js'
import type { IndexLog, StoredRecord } from './ports.js'
import { proposedBy } from './proposal-view.js'
import { readCancellation, readRecovery } from './recovery/recovery-statements.js'
import { unknown } from './resolve-request.js'
import type { IndexState } from './state.js'
import {
  type BrakeStatement,
  type Proposal,
  proposalId,
  readGenesis,
  readProposal,
  readVote,
  operationOf,
} from './statements.js'

/** One record, for people. */
export interface HistoryItem {
  readonly seq: number
  readonly at: UnixSeconds
  readonly op: string
  readonly subject: string
  readonly rev: number
  /** Who proposed it, or made it without a vote; of evidence, who signed both votes. */
  readonly by: string
  /** `approve: ann, bob` */
  readonly votes: readonly string[]
  readonly reason?: string
  readonly ticket?: string
  readonly proposal: string
  readonly class: ChangeClass
  /** What it said, a line each: `owner: team-payments`. */
  readonly summary: readonly string[]
  /** Of a whole history: what those were called just then whom the summary names by uid, where it names some. */
  readonly names?: Readonly<Record<Uid, Alias>>
  /** Those of them that are not called so any more, where there are some. */
  readonly former?: readonly Uid[]
}

/** Every record about the entry, scope or cluster of this alias, oldest first. */
export async function historyOf(
  log: Pick<IndexLog, 'read'>,
  state: IndexState,
  alias: Alias,
): Promise<Result<readonly HistoryItem[], Refusal<'namespace.unknown'>>> {
  const object =
    alias === ROOT
      ? state.root
      : (state.resolve(alias) ?? state.scopeByAlias(alias) ?? state.clusterByAlias(alias))
  if (!object) return unknown('entry, scope or cluster', alias)
  const items: HistoryItem[] = []
  const then = new NamesThen(log, state)
  for (const seq of state.recordsOf(object.uid)) {
    const [stored] = await log.read(seq, 1)
    const before = stored && (await deliberation(log, state, stored))
    const item = stored && describe(stored, before)
    if (item) items.push({ ...item, ...(await namesIn(state, then, item)) })
  }
  return ok(items)
}

async function namesIn(
  state: IndexState,
  then: NamesThen,
  { seq, summary }: HistoryItem,
): Promise<Pick<HistoryItem, 'names' | 'former'>> {
  const uids = uidsIn(summary.join('\n'))
  if (uids.length === 0) return {}
  const found = [...(await then.of(uids, seq + 1))]
  const former = found.filter(([uid, alias]) => !isCalled(state, uid, alias)).map(([uid]) => uid)
  return {
    ...(found.length > 0 && { names: Object.fromEntries(found) }),
    ...(former.length > 0 && { former }),
  }
}

/** Undefined for bytes that are no record, and for a record that changes nothing. `before`: what earlier records hold of a change that voters decided about. */
export function describe(stored: StoredRecord, before?: Deliberated): HistoryItem | undefined {
  const record = readRecord(stored.bytes)
  if (!record || isDeliberation(record)) return undefined
  const [first] = stored.envelopes
  const statement = first && open(first)
  const common = {
    seq: record.seq,
    at: record.ts,
    subject: record.subject.alias,
    rev: record.rev,
    proposal: proposalId(record.prop),
    class: record.class,
  }
  const genesis = statement && readGenesis(statement)
  if (genesis) {
    const [voter] = genesis.group.voters
    const summary = [`trust domain: ${genesis.trustDomain}`, 'one local voter (solo)']
    return { ...common, op: 'genesis', by: voter?.controller ?? '', votes: [], summary }
  }
  if (record.kind === 'evidence') {
    const voter = (statement && readVote(statement))?.predicate.voter ?? ''
    return {
      ...common,
      op: 'evidence',
      by: voter,
      votes: [],
      summary: [`suspended voter: ${voter}`],
    }
  }
  if (record.kind === 'brake') {
    const braked = brakeIn(stored)
    return braked && { ...common, ...describeBrake(braked, record.ts) }
  }
  if (record.kind === 'emergency') {
    const used = statement && readInvocation(statement)
    return used && { ...common, ...describeUse(used, record.ts) }
  }
  if (record.kind !== 'commit') {
    const said = statement && describeRecovery(statement, record.kind)
    return said && { ...common, ...said }
  }
  const proposed = statement ? readProposal(statement) : before?.proposal
  const proposal = proposed && changeOf(proposed, record)
  if (!proposal) return undefined
  return {
    ...common,
    op: proposal.op,
    by: proposal.author.id,
    ...(proposal.reason !== undefined && { reason: proposal.reason }),
    ...(proposal.ticket !== undefined && { ticket: proposal.ticket }),
    votes: saidBy(before ? before.votes : besideIt(stored)),
    summary: summarize(proposal),
  }
}

type Told = Pick<HistoryItem, 'op' | 'by' | 'votes' | 'reason' | 'ticket' | 'summary'>

function describeUse(
  { act, grant, by, call, ttl, reason, ticket }: InvocationStatement,
  at: UnixSeconds,
): Told {
  return {
    op: 'emergency.invoke',
    by: by[0] ?? '',
    votes: [`approve: ${by.join(', ')}`],
    reason,
    ...(ticket !== undefined && { ticket }),
    summary: [
      `grant: ${grant}`,
      call ? `${act}: ${brief(call)}` : act,
      `until: ${toIso(plus(at, ttl))}`,
    ],
  }
}

function describeRecovery(statement: Opened, kind: LogRecord['kind']): Told | undefined {
  const [said, stop] = [readRecovery(statement), readCancellation(statement)]
  const { reason, ticket } = said ?? stop ?? {}
  const by = said?.holders ?? stop?.voters
  if (!by) return undefined
  return {
    op: kind.replace('-', '.'),
    by: by[0] ?? '',
    votes: [`${stop ? 'reject' : 'approve'}: ${by.join(', ')}`],
    ...(reason !== undefined && { reason }),
    ...(ticket !== undefined && { ticket }),
    summary: said ? [`voters: ${said.group.voters.map(({ id }) => id).join(', ')}`] : [],
  }
}

function describeBrake(
  { rule, voter, voters, ttl, reason, ticket }: BrakeStatement,
  at: UnixSeconds,
): Told {
  return {
    op: 'brake',
    by: voters[0] ?? '',
    votes: voters.length > 1 ? [`approve: ${voters.join(', ')}`] : [],
    ...(reason !== undefined && { reason }),
    ...(ticket !== undefined && { ticket }),
    summary: [
      ...(rule === undefined ? [] : [`rule: ${rule}`]),
      ...(voter === undefined ? [] : [`voter: ${voter}`]),
      `until: ${toIso(plus(at, ttl))}`,
    ],
  }
}

/** Of several changes that were proposed together, the one that the record made. */
export function changeOf(proposal: Proposal, { part }: LogRecord): Proposal {
  const operation = operationOf(proposal)
  const one = operation.op === 'changes' ? operation.body.changes[part ?? 0] : undefined
  return one ? { ...proposal, op: one.op, body: one.body } : proposal
}

/** Of a change that voters decided about: what earlier records hold. */
interface Deliberated {
  readonly proposal: Proposal
  readonly votes: readonly CastVote[]
}

/** Where one voter decides alone, the vote is beside the change that it made. */
const besideIt = ({ envelopes: [, ...votes] }: StoredRecord): readonly Said[] =>
  votes.flatMap((envelope) => {
    const opened = open(envelope)
    return (opened && readVote(opened))?.predicate ?? []
  })

type Said = Pick<CastVote, 'voter' | 'decision'>

function saidBy(votes: readonly Said[]): string[] {
  return decisions.flatMap((decision) => {
    const voters = votes.filter((vote) => vote.decision === decision).map(({ voter }) => voter)
    return voters.length > 0 ? [`${decision}: ${voters.join(', ')}`] : []
  })
}

export async function deliberation(
  log: Pick<IndexLog, 'read'>,
  state: IndexState,
  { bytes, envelopes }: StoredRecord,
): Promise<Deliberated | undefined> {
  const record = envelopes.length === 0 ? readRecord(bytes) : undefined
  const row = record && state.tables.proposals.get(proposalId(record.prop))
  const proposal = row && (await proposedBy(log, row.record))
  return proposal && { proposal, votes: row.votes }
}

function summarize({ body }: Proposal): string[] {
  return Object.entries(body).map(([field, value]) => `${field}: ${brief(value)}`)
}

/** The root, an empty text, is shown as people write it. */
const brief = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : JSON.stringify(value).replaceAll('""', '/').replaceAll('"', '')
