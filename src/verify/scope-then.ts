import { ok, refuse, type Result } from '../core/result.js'
import { commitRecord, type LogRecord } from '../namespace/log-record.js'
import { subjectOf } from '../namespace/decide.js'
import type { Opened } from '../namespace/dsse.js'
import { evidenceRecord } from '../namespace/fold-evidence.js'
import { verifyBrake } from '../namespace/fold-brake.js'
import type { Outcome } from '../namespace/outcome.js'
import type { Decided } from '../namespace/effect/decision.js'
import { decidePart, type OnePart } from '../namespace/parts.js'
import { isSame } from '../namespace/record-refusals.js'
import { verifyRecovery } from '../namespace/recovery/fold-recovery.js'
import type { Scope } from '../namespace/scope.js'
import { readVote } from '../namespace/statements.js'
import type { LineageState } from './lineage-state.js'
import { notProved } from './proved.js'
import { partsIn } from './statements-read.js'
import type { CommitRefusal } from './verified-commit.js'
import { votesOf } from './verify-evidence.js'

/**
 * What a record makes of a scope: by the fold's own rules, and the record says just that, digests of
 * the scope before and after it included. Signatures and votes were looked at before.
 */
export function scopeThen(
  state: LineageState,
  record: LogRecord,
  envelopes: readonly Opened[],
): Result<Scope, CommitRefusal> {
  switch (record.kind) {
    case 'commit':
      return changed(state, record, envelopes)
    case 'evidence':
      return suspended(state, record, envelopes)
    case 'brake':
      return folded(record, verifyBrake(state, record, envelopes))
    case 'recovery-start':
    case 'recovery-cancel':
    case 'recovery-finish':
      return folded(record, verifyRecovery(state, record, envelopes))
    case 'genesis':
    case 'emergency':
      return notTrue(record)
  }
}

const notTrue = ({ seq }: LogRecord) => notProved(`that record ${seq} is what it comes to`)

function folded(record: LogRecord, outcome: Result<Outcome>): Result<Scope, CommitRefusal> {
  if (!outcome.ok) {
    const { code, ...why } = outcome.refusal
    return code === 'namespace.no-quorum' ? refuse('bundle.no-quorum', why.detail) : notTrue(record)
  }
  const put = outcome.value.kind === 'commit' ? outcome.value.effect.put : undefined
  return put?.kind === 'scope' ? ok(put) : notTrue(record)
}

function changed(
  state: LineageState,
  record: LogRecord,
  [statement]: readonly Opened[],
): Result<Scope, CommitRefusal> {
  const part = statement && partsIn(statement)[record.part ?? 0]
  if (!part) return notTrue(record)
  const decided = effectThen(state, part, record)
  if (!decided?.ok || decided.value.effect.put.kind !== 'scope') return notTrue(record)
  const { put } = decided.value.effect
  const expected = commitRecord(state, {
    at: record.ts,
    before: subjectOf(state, part.proposal),
    put,
    changeClass: decided.value.changeClass,
    group: part.proposal.scope,
    prop: record.prop,
    votes: record.votes,
    ...(part.among && { part: part.among.position }),
  })
  return isSame(record, expected) ? ok(put) : notTrue(record)
}

function effectThen(
  state: LineageState,
  part: OnePart,
  { ts }: Pick<LogRecord, 'ts'>,
): Result<Decided> | undefined {
  const { op, subject } = part.proposal
  if (op !== 'emergency.ratify') return decidePart(state, part, { at: ts, issuedUntil: () => null })
  // The use that voters say was right is of an entry, which is not shown.
  const scope = subject.uid && state.scopes.get(subject.uid)
  if (!scope) return undefined
  const put = { ...scope, rev: scope.rev + 1 }
  return ok({ effect: { put, quarantine: [] }, changeClass: 'sensitive' })
}

function suspended(
  state: LineageState,
  record: LogRecord,
  statements: readonly Opened[],
): Result<Scope, CommitRefusal> {
  const envelopes = votesOf(statements)
  const scope = state.scopes.get(record.subject.uid)
  const id = envelopes[0] && readVote(envelopes[0])?.predicate.voter
  if (!scope?.group) return notTrue(record)
  const voters = scope.group.voters.map((voter) =>
    voter.id === id ? { ...voter, status: 'suspended' as const } : voter,
  )
  const put: Scope = { ...scope, group: { ...scope.group, voters }, rev: scope.rev + 1 }
  const expected = evidenceRecord(state, put, { at: record.ts, envelopes })
  return isSame(record, expected) ? ok(put) : notTrue(record)
}
