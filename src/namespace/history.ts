import { type Alias, ROOT } from '../core/alias.js'
import type { Refusal } from '../core/refusal.js'
import { ok, type Result } from '../core/result.js'
import type { UnixSeconds } from '../core/time.js'
import { open } from './dsse.js'
import type { ChangeClass } from './group.js'
import { isDeliberation, readRecord } from './log-record.js'
import type { IndexLog, StoredRecord } from './ports.js'
import { proposedBy } from './proposal-view.js'
import { unknown } from './resolve-request.js'
import type { IndexState } from './state.js'
import { type Proposal, proposalId, readGenesis, readProposal, readVote } from './statements.js'

/** One record, for people. */
export interface HistoryItem {
  readonly seq: number
  readonly at: UnixSeconds
  readonly op: string
  readonly subject: string
  readonly rev: number
  readonly by: string
  readonly reason?: string
  readonly ticket?: string
  readonly proposal: string
  readonly class: ChangeClass
  /** What it said, a line each: `owner: team-payments`. */
  readonly summary: readonly string[]
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
  for (const seq of state.recordsOf(object.uid)) {
    const [stored] = await log.read(seq, 1)
    const item = stored && describe(stored, await proposedBefore(log, state, stored))
    if (item) items.push(item)
  }
  return ok(items)
}

/** Undefined for bytes that are no record, and for a record that changes nothing. `before`: of a change whose proposal an earlier record holds. */
export function describe(stored: StoredRecord, before?: Proposal): HistoryItem | undefined {
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
    return { ...common, op: 'genesis', by: voter?.controller ?? '', summary }
  }
  if (record.kind === 'evidence') {
    const voter = (statement && readVote(statement))?.predicate.voter ?? ''
    return { ...common, op: 'evidence', by: '', summary: [`suspended voter: ${voter}`] }
  }
  const proposal = statement ? readProposal(statement) : before
  if (!proposal) return undefined
  return {
    ...common,
    op: proposal.op,
    by: proposal.author.id,
    ...(proposal.reason !== undefined && { reason: proposal.reason }),
    ...(proposal.ticket !== undefined && { ticket: proposal.ticket }),
    summary: summarize(proposal),
  }
}

/** The proposal of a change whose votes are in the log before it. */
async function proposedBefore(
  log: Pick<IndexLog, 'read'>,
  state: IndexState,
  { bytes, envelopes }: StoredRecord,
): Promise<Proposal | undefined> {
  const record = envelopes.length === 0 ? readRecord(bytes) : undefined
  const row = record && state.tables.proposals.get(proposalId(record.prop))
  return row && proposedBy(log, row.record)
}

function summarize({ body }: Proposal): string[] {
  return Object.entries(body).map(([field, value]) => `${field}: ${brief(value)}`)
}

/** The root, an empty text, is shown as people write it. */
const brief = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : JSON.stringify(value).replaceAll('""', '/').replaceAll('"', '')
