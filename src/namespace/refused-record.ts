import type { Alias } from '../core/alias.js'
import type { Refusal } from '../core/refusal.js'
import { toIso } from '../core/time.js'
import { open } from './dsse.js'
import { notSuspended } from './effect/placement.js'
import { type AnyRecord, readRecord } from './log-record.js'
import { partsOf } from './parts.js'
import type { StoredRecord } from './ports.js'
import type { IndexState } from './state.js'
import { proposalId, readProposal } from './statements.js'

/** Where the log is of an operator's own. */
const RESTORE = 'restore the data directory from a backup; nothing was changed'

/**
 * Why a record of a log is refused, to whoever reads the log: which record, what it is, and what to do
 * about the log. What a rule of the namespace says is to those who propose, who have no record yet.
 */
export function refusalOfRecord(
  state: IndexState,
  stored: StoredRecord,
  refusal: Refusal,
): Refusal {
  const name = `record ${stored.seq} of the index log`
  const record = readRecord(stored.bytes)
  // It says so itself.
  if (!record || refusal.detail.startsWith(name)) return refusal
  const { op, alias } = changeIn(state, stored, record)
  const what = `${op} ${alias || '/'} of ${toIso(record.ts)}`
  const isBelow = refusal.code === 'namespace.wrong-state' && !notSuspended(state, alias, '').ok
  return {
    ...refusal,
    detail: `${name}, ${what}, does not belong there: ${refusal.detail}`,
    next: isBelow
      ? 'it was made by a version that let it; read docs/governance.md, "Logs from before"'
      : RESTORE,
  }
}

/** What was proposed, about what; of a record that no proposal is behind, its kind. */
function changeIn(
  state: IndexState,
  { envelopes: [first] }: StoredRecord,
  record: AnyRecord,
): { readonly op: string; readonly alias: Alias } {
  const { kind, subject, prop } = record
  const row = state.tables.proposals.get(proposalId(prop))
  const waiting = row?.kind === 'pending' ? row.proposal : undefined
  const statement = first && open(first)
  const proposal = statement ? readProposal(statement) : waiting
  if (kind !== 'commit' || !proposal) return { op: kind, alias: subject.alias }
  const part = partsOf(proposal, prop)[record.part ?? 0]?.proposal ?? proposal
  return { op: part.op, alias: part.subject.alias }
}
