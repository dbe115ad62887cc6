import type { Alias } from '../core/alias.js'
import { parseCanonical } from '../core/canonical-json.js'
import type { TrustDomain } from '../core/names.js'
import type { Seconds, UnixSeconds } from '../core/time.js'
import { base32, type Uid } from '../core/uid.js'
import type { Decision } from './ballot.js'
import { brakeSchema } from './brake-schema.js'
import { isBodyOf, isShapedLike } from './change-request.js'
import { type Opened, payloadTypes } from './dsse.js'
import type { Envelope } from './envelope.js'
import type { Group } from './group.js'
import type { Operation } from './operation.js'
import {
  genesisSchema,
  proposalSchema,
  type votePredicate,
  voteSchema,
  type statementType,
  withdrawalSchema,
} from './statement-schema.js'

export { statementType, votePredicate } from './statement-schema.js'

/** The first statement of an index: what it is, and who decides. */
export interface Genesis {
  readonly v: 1
  readonly trustDomain: TrustDomain
  /**
   * The verifier key of the log, C2SP signed-note: the id of the index is the digest of this, so that
   * whoever knows the id knows whose checkpoints count. Left out by indexes that were founded without.
   */
  readonly log?: string
  readonly group: Group
  readonly envelope: Envelope
  readonly created: UnixSeconds
  /** 16 octets, hex: two indexes of one name are still two. */
  readonly nonce: string
}

/** A change that somebody proposes, against the state they saw. */
export interface Proposal {
  readonly v: 1
  /** Index id, hex: a proposal for one index is nothing in another. */
  readonly index: string
  readonly op: Operation['op']
  readonly subject: { readonly alias: Alias; readonly uid?: Uid }
  readonly body: Operation['body']
  /** Compare-and-swap: the subject as it was; null for what does not exist yet. */
  readonly base: { readonly rev: number; readonly head: string } | null
  /** The scope whose voters decide, and their group's revision. */
  readonly scope: { readonly uid: Uid; readonly rev: number }
  /** Who signed it: a voter or a proposer of the deciding scope, or of one above it. */
  readonly author: { readonly kind: 'voter' | 'proposer'; readonly id: string }
  /** What it was made in view of: it goes stale when one of these changes. */
  readonly reads?: readonly { readonly uid: Uid; readonly rev: number }[]
  readonly reason?: string
  readonly ticket?: string
  readonly created: UnixSeconds
  readonly expires: UnixSeconds
  readonly nonce: string
}

/** An in-toto statement about a proposal. */
export interface Vote {
  readonly _type: typeof statementType
  readonly predicateType: typeof votePredicate
  readonly subject: readonly [
    { readonly name: string; readonly digest: { readonly sha256: string } },
  ]
  readonly predicate: {
    readonly index: string
    readonly scope: { readonly uid: Uid; readonly rev: number }
    /** What the vote may be used for, once: this subject at this revision. */
    readonly slot: { readonly id: string; readonly rev: number }
    readonly voter: string
    readonly decision: Decision
    /** From 1: a later vote about the same proposal has a higher one. */
    readonly seq: number
    readonly cast: UnixSeconds
    /** The log as the voter saw it: up to the proposal, or to where the record is added. */
    readonly log: { readonly size: number; readonly head: string }
    /** As in the record that the vote is for. */
    readonly issuedUntil?: UnixSeconds | null
    /** SHA-256 of the impact that the voter was shown, hex. */
    readonly impact?: string
  }
}

/** The author takes a proposal back that is not decided yet. */
export interface Withdrawal {
  readonly v: 1
  readonly index: string
  /** Digest of the proposal, hex. */
  readonly proposal: string
  readonly author: Proposal['author']
  readonly at: UnixSeconds
}

/** Voters suspend something at once, for a while. Each of them signs the same octets. */
export interface BrakeStatement {
  readonly v: 1
  readonly index: string
  /** An entry or a scope: it is braked itself, or one of its rules, or one of its voters. */
  readonly subject: { readonly alias: Alias; readonly uid: Uid }
  /** The subject as it was: so that one statement is one brake. */
  readonly base: { readonly rev: number; readonly head: string }
  readonly rule?: string
  readonly voter?: string
  /** The scope whose voters brake, and their group's revision. */
  readonly scope: { readonly uid: Uid; readonly rev: number }
  /** Ids of those who sign it, sorted. */
  readonly voters: readonly string[]
  /** How long, in seconds. */
  readonly ttl: Seconds
  readonly reason?: string
  readonly ticket?: string
  readonly created: UnixSeconds
  readonly expires: UnixSeconds
  readonly nonce: string
}

/** `pr` and 40 base32 characters of the proposal's digest. */
export const proposalId = (digest: string): string =>
  `pr${base32(Buffer.from(digest, 'hex')).slice(0, 40)}`

/** What only one proposal may have: a subject at a revision. Several changes together have their own. */
export const slotOf = ({ op, subject, base, nonce }: Proposal): Vote['predicate']['slot'] =>
  op === 'changes'
    ? { id: `changes:${nonce}`, rev: 0 }
    : { id: subject.uid ?? `alias:${subject.alias}`, rev: base?.rev ?? 0 }

/** The operation that a proposal proposes. */
export const operationOf = ({
  op,
  subject,
  body,
}: Pick<Proposal, 'op' | 'subject' | 'body'>): Operation =>
  // The body was checked against the schema of its operation when it was read.
  ({ op, subject, body }) as Operation

/** Undefined unless it is a proposal in every detail that its signature cannot vouch for. */
export function readProposal(opened: Opened): Proposal | undefined {
  const value = readStatement(opened, payloadTypes.proposal)
  if (!isShapedLike(proposalSchema, value)) return undefined
  const { op, body } = value as { readonly op: string; readonly body: unknown }
  return isBodyOf(op, body) ? (value as Proposal) : undefined
}

export function readVote(opened: Opened): Vote | undefined {
  const value = readStatement(opened, payloadTypes.vote)
  return isShapedLike(voteSchema, value) ? (value as Vote) : undefined
}

export function readWithdrawal(opened: Opened): Withdrawal | undefined {
  const value = readStatement(opened, payloadTypes.withdrawal)
  return isShapedLike(withdrawalSchema, value) ? (value as Withdrawal) : undefined
}

export function readBrake(opened: Opened): BrakeStatement | undefined {
  const value = readStatement(opened, payloadTypes.brake)
  return isShapedLike(brakeSchema, value) ? (value as BrakeStatement) : undefined
}

export function readGenesis(opened: Opened): Genesis | undefined {
  const value = readStatement(opened, payloadTypes.genesis)
  return isShapedLike(genesisSchema, value) ? (value as Genesis) : undefined
}

/** The statement in an envelope of this type, in its one spelling. */
export function readStatement(opened: Opened, type: string): unknown {
  if (opened.payloadType !== type) return undefined
  const parsed = parseCanonical(opened.payload)
  return parsed.ok ? parsed.value : undefined
}
