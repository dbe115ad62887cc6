import { ok, refuse, type Result } from '../core/result.js'
import type { UnixSeconds } from '../core/time.js'
import type { Change } from './change.js'
import type { DraftLog } from './draft-log.js'
import { open, type Opened, payloadTypes } from './dsse.js'
import { equivocationOf, evidenceRecord } from './fold-evidence.js'
import { deliberationRecord } from './log-record.js'
import { endings, type Pending, type ProposalRow } from './pending.js'
import type { Pace } from './ports.js'
import { Effort } from './questions/effort.js'
import { impactDigest, impactOf } from './questions/impact.js'
import { type Standing, standingOf } from './standing.js'
import type { IndexState } from './state.js'
import { proposalId, readProposal, readVote, readWithdrawal } from './statements.js'
import { type EffectContext, takeEffect } from './take-effect.js'

/** What a statement is taken in with. */
export interface Intake extends EffectContext {
  readonly pace: Pace
}

/** What a signed statement led to. */
export interface Submitted {
  /** The proposal that it is about. */
  readonly proposal: string
  /** The changes that took effect because of it. */
  readonly changes: readonly Change[]
  /** The voter whom it suspended. */
  readonly suspended?: string
}

/**
 * Adds signed statements to the draft: one proposal, vote or withdrawal, or two votes that prove that
 * their voter says both yes and no. Whoever brings them need not be who signed them.
 */
export async function submit(
  draft: DraftLog,
  envelopes: readonly Uint8Array[],
  context: Intake,
): Promise<Result<Submitted>> {
  const opened = envelopes.map(open)
  const known = opened.filter((one) => one !== undefined)
  const [first] = known
  if (!first || known.length !== opened.length || known.length > 2) {
    return refuse('namespace.bad-canonical', 'this is no signed statement', {
      wanted: 'a DSSE envelope in canonical JSON, or two votes as evidence',
    })
  }
  if (known.length === 2) return accuse(draft, known, envelopes, context)
  const about = aboutOf(draft.state, first, context.at)
  if (!about.ok) return about
  const { kind, digest, subject } = about.value
  const before = draft.state.tables.proposals.get(proposalId(digest))
  const record = deliberationRecord(draft.state, {
    kind,
    at: context.at,
    subject,
    prop: digest,
    says: first.digest,
  })
  const added = draft.add(record, envelopes)
  if (!added.ok) return added
  const shown = await wasShown(draft.state, first, before, context.pace)
  if (!shown.ok) return shown
  const id = proposalId(digest)
  const row = draft.state.tables.proposals.get(id)
  if (row?.kind !== 'pending' || standingOf(draft.state, row, context.at) !== 'due') {
    return ok({ proposal: id, changes: [] })
  }
  const changes = await takeEffect(draft, row, context)
  // The vote counts, whatever keeps the change from taking effect: that is looked at again.
  return ok({ proposal: id, changes: changes.ok ? changes.value : [] })
}

/**
 * A vote that names the impact its voter was shown counts for that impact alone. Looked at when it is
 * handed in and not when the log is read again: what is signed is the change, and its impact follows.
 */
async function wasShown(
  state: IndexState,
  statement: Opened,
  row: ProposalRow | undefined,
  pace: Pace,
): Promise<Result<undefined>> {
  const shown = readVote(statement)?.predicate.impact
  if (shown === undefined || row?.kind !== 'pending') return ok()
  const impact = await impactOf(state, row, new Effort(pace))
  const digest = impact.ok ? impactDigest(impact.value) : undefined
  if (digest === shown) return ok()
  return refuse('namespace.impact-differs', 'the voter was shown another impact', {
    wanted: digest ?? 'a proposal that may take effect',
    found: shown,
    next: `capstan impact ${row.id}, and vote again`,
  })
}

interface About {
  readonly kind: 'open' | 'vote' | 'withdrawal'
  readonly digest: string
  readonly subject: Pending['proposal']['subject']
}

function aboutOf(state: IndexState, statement: Opened, at: UnixSeconds): Result<About> {
  switch (statement.payloadType) {
    case payloadTypes.proposal: {
      const proposal = readProposal(statement)
      return proposal
        ? ok({ kind: 'open', digest: statement.digest, subject: proposal.subject })
        : malformed('a proposal')
    }
    case payloadTypes.vote: {
      const digest = readVote(statement)?.subject[0].digest.sha256
      return digest === undefined
        ? malformed('a vote')
        : waiting(state, { kind: 'vote', digest, at })
    }
    case payloadTypes.withdrawal: {
      const digest = readWithdrawal(statement)?.proposal
      return digest === undefined
        ? malformed('a withdrawal')
        : waiting(state, { kind: 'withdrawal', digest, at })
    }
    default:
      return refuse('namespace.wrong-type', 'nobody submits such a statement', {
        wanted: 'a proposal, a vote or a withdrawal',
        found: JSON.stringify(statement.payloadType.slice(0, 100)),
      })
  }
}

const malformed = (what: string) =>
  refuse('namespace.malformed', `this is not ${what}`, {
    wanted: 'every member of the statement, and no other',
    next: 'docs/format-index-log.md says what there is',
  })

/**
 * What is over by the time alone, or stale, is not withdrawn after that. Looked at when it is handed in
 * and not when the log is read: logs of before hold such withdrawals, which changed nothing else.
 */
function waiting(
  state: IndexState,
  { kind, digest, at }: Pick<About, 'kind' | 'digest'> & { readonly at: UnixSeconds },
): Result<About> {
  const id = proposalId(digest)
  const row = state.tables.proposals.get(id)
  if (row?.digest !== digest) {
    return refuse('namespace.unknown', 'there is no such proposal', {
      found: id,
      next: 'capstan inbox',
    })
  }
  const standing = standingOf(state, row, at)
  if (row.kind === 'closed' || isEnding(standing)) {
    return refuse('namespace.closed', `the proposal is ${standing}`, {
      wanted: 'a proposal that waits',
      found: id,
    })
  }
  return ok({ kind, digest, subject: row.proposal.subject })
}

const isEnding = (standing: Standing): boolean => endings.some((one) => one === standing)

function accuse(
  draft: DraftLog,
  opened: readonly Opened[],
  envelopes: readonly Uint8Array[],
  { at }: EffectContext,
): Result<Submitted> {
  const found = equivocationOf(draft.state, opened, at)
  if (!found.ok) return found
  const { scope, voter } = found.value
  const added = draft.add(evidenceRecord(draft.state, scope, { at, envelopes: opened }), envelopes)
  if (!added.ok) return added
  const [about] = opened.map((envelope) => readVote(envelope)?.subject[0].digest.sha256 ?? '')
  return ok({ proposal: proposalId(about ?? ''), changes: [], suspended: voter })
}
