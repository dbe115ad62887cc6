import { type Alias, ROOT } from '../core/alias.js'
import type { Refusal } from '../core/refusal.js'
import { ok, type Result } from '../core/result.js'
import type { UnixSeconds } from '../core/time.js'
import { open } from './dsse.js'
import type { ChangeClass } from './group.js'
import { readRecord } from './log-record.js'
import type { IndexLog, StoredRecord } from './ports.js'
import { unknown } from './resolve-request.js'
import type { IndexState } from './state.js'
import { type Proposal, proposalId, readGenesis, readProposal } from './statements.js'

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
    const item = stored && describe(stored)
    if (item) items.push(item)
  }
  return ok(items)
}

/** Undefined for bytes that are no record: the fold has told already. */
export function describe(stored: StoredRecord): HistoryItem | undefined {
  const record = readRecord(stored.bytes)
  const [first] = stored.envelopes
  const statement = first && open(first)
  if (!record || !statement) return undefined
  const common = {
    seq: record.seq,
    at: record.ts,
    subject: record.subject.alias,
    rev: record.rev,
    proposal: proposalId(record.prop),
    class: record.class,
  }
  const genesis = readGenesis(statement)
  if (genesis) {
    const [voter] = genesis.group.voters
    const summary = [`trust domain: ${genesis.trustDomain}`, 'one local voter (solo)']
    return { ...common, op: 'genesis', by: voter?.controller ?? '', summary }
  }
  const proposal = readProposal(statement)
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

function summarize({ body }: Proposal): string[] {
  return Object.entries(body).map(([field, value]) => `${field}: ${brief(value)}`)
}

/** The root, an empty text, is shown as people write it. */
const brief = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : JSON.stringify(value).replaceAll('""', '/').replaceAll('"', '')
