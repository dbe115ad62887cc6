import { ok, refuse, type Result } from '../core/result.js'
import {
  type Clock,
  days,
  plus,
  type RandomBytes,
  unixSeconds,
  type UnixSeconds,
} from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { ChangeRequest } from './change-request.js'
import { decide, mayBeDecided, responsibleGroup, subjectOf } from './decide.js'
import { MAX_ENVELOPE_BYTES, payloadTypes, seal } from './dsse.js'
import { type Verified, verifyRecord } from './fold-record.js'
import { commitRecord, encodeRecord } from './log-record.js'
import { type Operation, releasesNames } from './operation.js'
import type { StoredRecord, VoterSigner } from './ports.js'
import { resolveRequest } from './resolve-request.js'
import type { IndexState } from './state.js'
import {
  type Proposal,
  proposalId,
  slotOf,
  statementType,
  type Vote,
  votePredicate,
} from './statements.js'

export interface ProposerDeps {
  readonly voter: VoterSigner
  readonly clock: Pick<Clock, 'now'>
  readonly random: RandomBytes
  /** Stops issuance for the entry, and answers the latest notAfter ever issued to it. */
  readonly freeze: (entry: Uid) => Promise<UnixSeconds | undefined>
}

/** A record that may be appended, and what it does once it is. */
export interface Made {
  readonly stored: StoredRecord
  readonly verified: Verified
  readonly proposal: string
  readonly op: Operation['op']
}

/** Longer than any proposal waits for votes. */
const PROPOSAL_LIFETIME = days(1)

/** Turns a request into a signed proposal, its vote, and the record of both. Changes nothing. */
export async function propose(
  deps: ProposerDeps,
  state: IndexState,
  request: ChangeRequest,
): Promise<Result<Made>> {
  const { voter, clock, freeze } = deps
  const operation = resolveRequest(state, request)
  if (!operation.ok) return operation
  const at = unixSeconds(Math.max(clock.now(), state.at))
  const nonce = Buffer.from(deps.random(16)).toString('hex')
  const proposal = proposalOf(state, operation.value, request, { at, nonce })
  const admissible = mayBeDecided(state, proposal, at)
  if (!admissible.ok) return admissible

  const { op } = proposal
  const before = subjectOf(state, proposal)
  // A name changes hands only after what was issued under it: known only while nothing is issued.
  const released =
    before && releasesNames(op) ? { issuedUntil: (await freeze(before.uid)) ?? null } : {}
  const sealed = await seal(payloadTypes.proposal, proposal, voter)
  const { issuedUntil = null } = released
  const decided = decide(state, proposal, sealed.digest, { at, issuedUntil })
  if (!decided.ok) return decided
  const seen = { cast: at, log: { size: state.size, head: state.head }, ...released }
  const vote = await seal(payloadTypes.vote, approvalOf(proposal, sealed.digest, seen), voter)
  const record = commitRecord(state, {
    at,
    before,
    put: decided.value.effect.put,
    changeClass: decided.value.changeClass,
    group: proposal.scope,
    prop: sealed.digest,
    votes: [vote.digest],
    ...released,
  })
  const envelopes = [sealed.envelope, vote.envelope]
  const stored = { seq: state.size, bytes: encodeRecord(record), envelopes }
  if (envelopes.some(({ length }) => length > MAX_ENVELOPE_BYTES)) {
    return refuse('namespace.malformed', 'the change is too large for one record', {
      wanted: `at most ${MAX_ENVELOPE_BYTES} octets, signed and encoded`,
      found: `${sealed.envelope.length} octets`,
      next: 'make it in several smaller changes',
    })
  }
  const verified = verifyRecord(state, stored)
  // What this process writes it can read: anything else is a bug, and must not reach the log.
  if (!verified.ok) throw new Error(`own record refused: ${verified.refusal.detail}`)
  return ok({ stored, verified: verified.value, proposal: proposalId(sealed.digest), op })
}

function proposalOf(
  state: IndexState,
  { op, subject, body }: Operation,
  { reason, ticket }: ChangeRequest,
  { at, nonce }: { readonly at: UnixSeconds; readonly nonce: string },
): Proposal {
  const before = subjectOf(state, { subject })
  const { uid, group } = responsibleGroup(state, { subject })
  return {
    v: 1,
    index: state.index,
    op,
    subject,
    body,
    base: before ? { rev: before.rev, head: before.head } : null,
    scope: { uid, rev: group.rev },
    author: { kind: 'voter', id: 'local' },
    ...(reason !== undefined && { reason }),
    ...(ticket !== undefined && { ticket }),
    created: at,
    expires: plus(at, PROPOSAL_LIFETIME),
    nonce,
  }
}

function approvalOf(
  proposal: Proposal,
  digest: string,
  seen: Pick<Vote['predicate'], 'cast' | 'log' | 'issuedUntil'>,
): Vote {
  return {
    _type: statementType,
    predicateType: votePredicate,
    subject: [{ name: proposalId(digest), digest: { sha256: digest } }],
    predicate: {
      index: proposal.index,
      scope: proposal.scope,
      slot: slotOf(proposal),
      voter: 'local',
      decision: 'approve',
      seq: 1,
      ...seen,
    },
  }
}
