import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { type Clock, type RandomBytes, unixSeconds, type UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import { type Change, changeOf } from './change.js'
import type { ChangeRequest } from './change-request.js'
import { decide, mayBeDecided, responsibleFor, subjectOf } from './decide.js'
import { type DraftLog, mustAdd } from './draft-log.js'
import { payloadTypes, seal, type Sealed } from './dsse.js'
import { reachesGuards } from './guard/quorum-floor.js'
import { localAuthor, votesIn } from './local-author.js'
import { commitRecord, deliberationRecord } from './log-record.js'
import { type Operation, releasesNames } from './operation.js'
import type { VoterSigner } from './ports.js'
import { resolveRequest } from './resolve-request.js'
import { secondOf, standingOf } from './standing.js'
import type { IndexState } from './state.js'
import {
  type Proposal,
  proposalId,
  slotOf,
  statementType,
  type Vote,
  votePredicate,
} from './statements.js'
import { takeEffect } from './take-effect.js'
import {
  fitsRecord,
  forVoters,
  proposalAtOnce,
  scopeAsked,
  type Words,
} from './unsigned-proposal.js'

export interface ProposerDeps {
  readonly voter: VoterSigner
  readonly clock: Pick<Clock, 'now'>
  readonly random: RandomBytes
  /** Stops issuance for the entry, and answers the latest notAfter ever issued to it. */
  readonly freeze: (entry: Uid) => Promise<UnixSeconds | undefined>
}

/** What a request came to: a change, or a proposal that waits for its voters. */
export type Made =
  | { readonly kind: 'changed'; readonly change: Change }
  | { readonly kind: 'waits'; readonly proposal: string; readonly op: Operation['op'] }

/**
 * Turns a request into a signed proposal and adds it to the draft: with its vote where this
 * installation's voter decides alone, and otherwise for the voters to see.
 */
export async function propose(
  deps: ProposerDeps,
  draft: DraftLog,
  request: ChangeRequest,
): Promise<Result<Made>> {
  const operation = resolveRequest(draft.state, request)
  if (!operation.ok) return operation
  const { reason, ticket } = request
  const prepared = await prepare(deps, draft.state, operation.value, {
    ...(reason !== undefined && { reason }),
    ...(ticket !== undefined && { ticket }),
    ...(request.op === 'group.set' && request.intervene === true && { intervenes: true }),
    nonce: Buffer.from(deps.random(16)).toString('hex'),
  })
  if (!prepared.ok) return prepared
  const { proposal, at } = prepared.value
  if (isAlone(draft.state, proposal, { publicKey: deps.voter.publicKey, at })) {
    return commitAtOnce(deps, draft, prepared.value)
  }
  const opened = await openIt(deps, draft, prepared.value)
  if (!opened.ok) return opened
  const [made] = opened.value
  return made ? ok(made) : refuse('namespace.malformed', 'the proposal proposes nothing')
}

/** Opens a proposal of this operation, whoever decides about it: one that waits, or its changes. */
export async function proposeOpenly(
  deps: ProposerDeps,
  draft: DraftLog,
  operation: Operation,
  words: Words,
): Promise<Result<readonly Made[]>> {
  const prepared = await prepare(deps, draft.state, operation, words)
  return prepared.ok ? openIt(deps, draft, prepared.value) : prepared
}

async function prepare(
  { voter, clock }: ProposerDeps,
  state: IndexState,
  operation: Operation,
  words: Words,
): Promise<Result<Prepared>> {
  const at = unixSeconds(Math.max(clock.now(), state.at))
  const { publicKey } = voter
  const { op, subject } = operation
  const scope = scopeAsked(state, operation, words)
  const author = localAuthor(state, { op, subject, scope }, publicKey, at)
  if (!author) {
    return refuse('namespace.no-vote', 'this installation may not propose this', {
      wanted: 'its key among the voters or proposers of the scope',
      next: 'a voter proposes it: the same command with --as VOTER --key FILE',
    })
  }
  const atOnce = proposalAtOnce(state, operation, { at, author, ...words })
  const proposal = isAlone(state, atOnce, { publicKey, at }) ? atOnce : forVoters(state, atOnce)
  const admissible = mayBeDecided(state, proposal, at)
  if (!admissible.ok) return admissible
  const sealed = await seal(payloadTypes.proposal, proposal, voter)
  const fits = fitsRecord(sealed.envelope.length)
  return fits.ok ? ok({ proposal, sealed, at }) : fits
}

/** Would this installation's voter decide alone about this, with nobody else to ask? */
export function decidesAlone(
  state: IndexState,
  operation: Operation,
  publicKey: Uint8Array,
): boolean {
  const scope = scopeAsked(state, operation, {})
  return isAlone(state, { ...operation, scope }, { publicKey, at: state.at })
}

/** One voter, whose vote is everything and whose key is this installation's, and nobody else to ask. */
function isAlone(
  state: IndexState,
  proposal: Pick<Proposal, 'op' | 'subject' | 'body' | 'scope'>,
  { publicKey, at }: { readonly publicKey: Uint8Array; readonly at: UnixSeconds },
): boolean {
  const { group } = responsibleFor(state, proposal)
  return (
    group.solo &&
    group.voters.length === 1 &&
    votesIn(group, publicKey, at) &&
    !secondOf(state, proposal)
  )
}

interface Prepared {
  readonly proposal: Proposal
  readonly sealed: Sealed
  readonly at: UnixSeconds
}

async function commitAtOnce(
  { voter, freeze }: ProposerDeps,
  draft: DraftLog,
  { proposal, sealed, at }: Prepared,
): Promise<Result<Made>> {
  const { state } = draft
  const { op } = proposal
  const before = subjectOf(state, proposal)
  // A name changes hands only after what was issued under it: known only while nothing is issued.
  const released =
    before && releasesNames(op) ? { issuedUntil: (await freeze(before.uid)) ?? null } : {}
  const { issuedUntil = null } = released
  const decided = decide(state, proposal, sealed.digest, { at, issuedUntil })
  if (!decided.ok) return decided
  const { effect, changeClass } = decided.value
  const aliases = [proposal.subject.alias, effect.put.alias]
  const { group } = responsibleFor(state, proposal)
  const voters = new Set([proposal.author.id])
  const guarded = reachesGuards(state, { aliases, changeClass }, group, voters)
  if (!guarded.ok) return guarded
  const seen = { cast: at, log: { size: state.size, head: state.head }, ...released }
  const vote = await seal(payloadTypes.vote, approvalOf(proposal, sealed.digest, seen), voter)
  const record = commitRecord(state, {
    at,
    before,
    put: effect.put,
    changeClass,
    group: proposal.scope,
    prop: sealed.digest,
    votes: [vote.digest],
    ...released,
  })
  mustAdd(draft, record, [sealed.envelope, vote.envelope])
  return ok({ kind: 'changed', change: changeOf(op, record) })
}

/** For the voters to see. Who decides alone on one side has said yes by proposing it. */
async function openIt(
  { voter, freeze }: ProposerDeps,
  draft: DraftLog,
  { proposal, sealed, at }: Prepared,
): Promise<Result<readonly Made[]>> {
  const { op, subject } = proposal
  const { digest, envelope } = sealed
  const record = deliberationRecord(draft.state, {
    kind: 'open',
    at,
    subject,
    prop: digest,
    says: digest,
  })
  const added = draft.add(record, [envelope])
  if (!added.ok) return added
  const { group } = responsibleFor(draft.state, proposal)
  if (group.solo && votesIn(group, voter.publicKey, at)) {
    const seen = { cast: at, log: { size: record.seq + 1, head: added.value.head } }
    const vote = await seal(payloadTypes.vote, approvalOf(proposal, digest, seen), voter)
    const says = { kind: 'vote', at, subject, prop: digest, says: vote.digest } as const
    const voted = draft.add(deliberationRecord(draft.state, says), [vote.envelope])
    if (!voted.ok) return besideRival(voted)
    const row = draft.state.tables.proposals.get(proposalId(digest))
    if (row?.kind === 'pending' && standingOf(draft.state, row, at) === 'due') {
      const changes = await takeEffect(draft, row, { at, freeze })
      if (changes.ok) return ok(changes.value.map((change) => ({ kind: 'changed', change })))
    }
  }
  return ok([{ kind: 'waits', proposal: proposalId(digest), op }])
}

/** Its voter says yes to another proposal for the same: that one has to go first. */
function besideRival({ refusal }: { readonly refusal: Refusal }): Result<never> {
  const { code, detail, ...more } = refusal
  if (code !== 'namespace.equivocation') throw new Error(`own vote refused: ${detail}`)
  return refuse(code, 'another proposal for the same thing waits already', {
    ...more,
    wanted: 'one proposal at a time for each revision of a subject',
    next: `let its voters end it: capstan vote ${more.found ?? ''} --reject; or wait until it expires`,
  })
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
      voter: proposal.author.id,
      decision: 'approve',
      seq: 1,
      ...seen,
    },
  }
}
