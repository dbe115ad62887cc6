import { canonicalize } from '../../core/canonical-json.js'
import { ok, refuse, type Result } from '../../core/result.js'
import type { UnixSeconds } from '../../core/time.js'
import type { Uid } from '../../core/uid.js'
import { addTo, type Bundle, nonceOf, operationOfBundle } from '../bundles.js'
import { isShapedLike, parseChangeRequest } from '../change-request.js'
import { mayBeDecided } from '../decide.js'
import { FoldedState } from '../folded-state.js'
import type { Proposer } from '../group.js'
import { namedAuthor } from '../local-author.js'
import type { Operation } from '../operation.js'
import { planDocument } from '../plan/plan-document.js'
import { resolveRequest } from '../resolve-request.js'
import { isSignable } from '../signable.js'
import type { IndexState } from '../state.js'
import { proposalSchema } from '../statement-schema.js'
import type { StateSource } from '../state-tables.js'
import type { Proposal } from '../statements.js'
import {
  fitsRecord,
  forVoters,
  proposalAtOnce,
  scopeAsked,
  type Why,
  type Words,
} from '../unsigned-proposal.js'

/** What somebody wants to propose: one change, or the difference that a document makes. */
export type AskedChanges =
  { readonly change: unknown } | { readonly document: unknown; readonly why: Why }

/** Whose proposal it is to be, and when. */
export interface Drafting {
  /** Name of a voter or proposer. */
  readonly as: string
  readonly at: UnixSeconds
  /** 16 octets, hex. */
  readonly nonce: string
}

/** A proposal that its author has not signed yet. */
export interface UnsignedProposal {
  readonly proposal: Proposal
  readonly author: Proposer
}

/**
 * What is asked for, as proposals by `as`: one for each scope whose voters decide. Pure, and a matter
 * of nothing but what it looks at: who is shown what a server looked at (`SeenState`) comes to the
 * same octets, and need not believe that they are what was asked for.
 */
export function draftProposals(
  source: StateSource,
  asked: AskedChanges,
  by: Drafting,
): Result<readonly UnsignedProposal[]> {
  const state = new FoldedState(source)
  return 'document' in asked ? ofDocument(state, asked, by) : ofChange(state, asked.change, by)
}

function ofChange(
  state: IndexState,
  change: unknown,
  by: Drafting,
): Result<readonly UnsignedProposal[]> {
  const request = parseChangeRequest(change)
  if (!request.ok) return request
  const signable = isSignable(change)
  if (!signable.ok) return signable
  const operation = resolveRequest(state, request.value)
  if (!operation.ok) return operation
  const { reason, ticket } = request.value
  const unsigned = unsignedBy(state, operation.value, by, {
    ...(reason !== undefined && { reason }),
    ...(ticket !== undefined && { ticket }),
    ...(request.value.op === 'group.set' &&
      request.value.intervene === true && { intervenes: true }),
    nonce: by.nonce,
  })
  return unsigned.ok ? ok([unsigned.value]) : unsigned
}

/** More than a proposal of each of many scopes holds: what is planned is all in one step. */
const MOST_CHANGES = 2000

function ofDocument(
  state: FoldedState,
  { document, why }: { readonly document: unknown; readonly why: Why },
  by: Drafting,
): Result<readonly UnsignedProposal[]> {
  const signable = isSignable(why)
  if (!signable.ok) return signable
  const planned = planDocument(state, document, MOST_CHANGES)
  if (!planned.ok) return planned
  const requests = planned.value.map(({ request }) => request)
  const bundles = new Map<Uid, Bundle>()
  const wish = new FoldedState(state)
  for (const request of requests) {
    const operation = resolveRequest(wish, request)
    if (!operation.ok) return operation
    const added = addTo(bundles, wish, {
      ...{ operation: operation.value, at: by.at },
      nonce: (scope) => nonceOf(state, scope, request),
    })
    if (!added.ok) return added
  }
  const all: UnsignedProposal[] = []
  for (const bundle of bundles.values()) {
    const operation = operationOfBundle(state, bundle)
    const unsigned = unsignedBy(state, operation, by, { ...why, nonce: bundle.nonce })
    if (!unsigned.ok) return unsigned
    all.push(unsigned.value)
  }
  return ok(all)
}

function unsignedBy(
  state: IndexState,
  operation: Operation,
  { as: name, at }: Drafting,
  words: Words,
): Result<UnsignedProposal> {
  const { op, subject } = operation
  const scope = scopeAsked(state, operation, words)
  const named = namedAuthor(state, { op, subject, scope }, { name, at })
  if (!named) {
    return refuse('namespace.no-vote', 'nobody of this name may propose it', {
      wanted:
        'a voter, without a brake, or a proposer of the scope that decides, or of one above it',
      found: JSON.stringify(name.slice(0, 80)),
      next: `capstan authority ${subject.alias || '/'}`,
    })
  }
  const { author, who } = named
  const proposal = forVoters(state, proposalAtOnce(state, operation, { at, author, ...words }))
  if (!isShapedLike(proposalSchema, proposal)) {
    return refuse('namespace.malformed', 'this is no proposal', {
      wanted: 'a reason of at most 500 characters, and a ticket of at most 200',
    })
  }
  const admissible = mayBeDecided(state, proposal, at)
  if (!admissible.ok) return admissible
  const fits = fitsRecord(envelopeLength(proposal))
  return fits.ok ? ok({ proposal, author: who }) : fits
}

/** What an envelope has beside its payload: its members' names, its type and one signature. */
const AROUND_PAYLOAD = 200

const envelopeLength = (proposal: Proposal): number =>
  Math.ceil(Buffer.byteLength(canonicalize(proposal)) / 3) * 4 + AROUND_PAYLOAD
