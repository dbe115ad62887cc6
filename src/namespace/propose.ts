import { parentAlias, ROOT } from '../core/alias.js'
import type { Refusal } from '../core/refusal.js'
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
import { type Change, changeOf } from './change.js'
import type { ChangeRequest } from './change-request.js'
import { decide, mayBeDecided, responsibleAbove, responsibleFor, subjectOf } from './decide.js'
import { type DraftLog, mustAdd } from './draft-log.js'
import { MAX_ENVELOPE_BYTES, payloadTypes, seal, type Sealed } from './dsse.js'
import { reachesGuards } from './guard/quorum-floor.js'
import { localAuthor } from './local-author.js'
import { commitRecord, deliberationRecord } from './log-record.js'
import { type Operation, releasesNames } from './operation.js'
import type { VoterSigner } from './ports.js'
import { resolveRequest } from './resolve-request.js'
import { secondOf, standingOf } from './standing.js'
import type { IndexState } from './state.js'
import {
  operationOf,
  type Proposal,
  proposalId,
  slotOf,
  statementType,
  type Vote,
  votePredicate,
} from './statements.js'
import { takeEffect } from './take-effect.js'

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

/** Longer than any proposal waits that is decided at once. */
const LIFETIME_AT_ONCE = days(1)
/** How long one of this installation waits for votes. */
const LIFETIME = days(7)

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
  if (isAlone(draft.state, prepared.value.proposal)) {
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

/** What a proposal says beside its operation. */
interface Words {
  readonly reason?: string
  readonly ticket?: string
  readonly nonce: string
  /** The voters of the scope above decide about a group, over the heads of its own. */
  readonly intervenes?: true
}

async function prepare(
  { voter, clock }: ProposerDeps,
  state: IndexState,
  operation: Operation,
  words: Words,
): Promise<Result<Prepared>> {
  const at = unixSeconds(Math.max(clock.now(), state.at))
  const author = localAuthor(state, operation, voter.publicKey, at)
  if (!author) {
    return refuse('namespace.no-vote', 'this installation may not propose this', {
      wanted: 'its key among the voters or proposers of the scope',
      next: 'ask a voter to propose it, or to make the installation a proposer',
    })
  }
  const proposal = proposalOf(state, operation, { at, author, ...words })
  const admissible = mayBeDecided(state, proposal, at)
  if (!admissible.ok) return admissible
  const sealed = await seal(payloadTypes.proposal, proposal, voter)
  if (sealed.envelope.length > MAX_ENVELOPE_BYTES) {
    return refuse('namespace.malformed', 'the change is too large for one record', {
      wanted: `at most ${MAX_ENVELOPE_BYTES} octets, signed and encoded`,
      found: `${sealed.envelope.length} octets`,
      next: 'make it in several smaller changes',
    })
  }
  return ok({ proposal, sealed, at })
}

/** Would this installation's voter decide alone about this, with nobody else to ask? */
export function decidesAlone(
  state: IndexState,
  operation: Operation,
  publicKey: Uint8Array,
): boolean {
  const author = localAuthor(state, operation, publicKey)
  const { uid, group } = responsibleFor(state, operation)
  const scope = { uid, rev: group.rev }
  return author !== undefined && isAlone(state, { ...operation, scope, author })
}

/** One voter, whose vote is everything, and nobody else to ask. */
function isAlone(
  state: IndexState,
  proposal: Pick<Proposal, 'op' | 'subject' | 'body' | 'scope' | 'author'>,
): boolean {
  const { group } = responsibleFor(state, proposal)
  return (
    group.solo &&
    group.voters.length === 1 &&
    proposal.author.kind === 'voter' &&
    group.voters[0]?.id === proposal.author.id &&
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
  if (group.solo && proposal.author.kind === 'voter') {
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

function proposalOf(
  state: IndexState,
  { op, subject, body }: Operation,
  made: Words & Pick<Proposal, 'author'> & { readonly at: UnixSeconds },
): Proposal {
  const { at, author, nonce, reason, ticket } = made
  const before = subjectOf(state, { subject })
  const { uid, group } = made.intervenes
    ? responsibleAbove(state, subject.alias)
    : responsibleFor(state, { op, subject })
  const proposal: Proposal = {
    v: 1,
    index: state.index,
    op,
    subject,
    body,
    base: before ? { rev: before.rev, head: before.head } : null,
    scope: { uid, rev: group.rev },
    author,
    ...(reason !== undefined && { reason }),
    ...(ticket !== undefined && { ticket }),
    created: at,
    expires: plus(at, LIFETIME_AT_ONCE),
    nonce,
  }
  if (isAlone(state, proposal)) return proposal
  return { ...proposal, expires: plus(at, LIFETIME), reads: readsOf(state, proposal) }
}

/** The scopes under which the subject stands, or would: their limits are part of what is asked. */
function readsOf(state: IndexState, proposal: Proposal): NonNullable<Proposal['reads']> {
  const operation = operationOf(proposal)
  const places = [proposal.subject.alias]
  if (operation.op === 'entry.rename') places.push(operation.body.to)
  const found = new Map<Uid, number>()
  for (const place of places) {
    for (let above = place; above !== ROOT;) {
      above = parentAlias(above)
      const scope = above === ROOT ? state.root : state.scopeByAlias(above)
      if (scope) found.set(scope.uid, scope.rev)
    }
  }
  return [...found].map(([uid, rev]) => ({ uid, rev }))
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
