import type { Alias } from '../core/alias.js'
import { parseCanonical } from '../core/canonical-json.js'
import type { TrustDomain } from '../core/names.js'
import type { UnixSeconds } from '../core/time.js'
import { base32, type Uid } from '../core/uid.js'
import { isBodyOf } from './change-request.js'
import { type Opened, payloadTypes } from './dsse.js'
import type { Envelope } from './envelope.js'
import { changeClasses, type Group } from './group.js'
import type { Operation } from './operation.js'

/** The first statement of an index: what it is, and who decides. */
export interface Genesis {
  readonly v: 1
  readonly trustDomain: TrustDomain
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
  readonly author: { readonly kind: 'voter'; readonly id: string }
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
    readonly decision: 'approve' | 'reject'
    readonly seq: number
    readonly cast: UnixSeconds
    /** The log as the voter saw it, which the record is added to. */
    readonly log: { readonly size: number; readonly head: string }
    /** As in the record that the vote is for. */
    readonly issuedUntil?: UnixSeconds | null
  }
}

export const statementType = 'https://in-toto.io/Statement/v1'
export const votePredicate = 'urn:capstan:vote:v1'

/** `pr` and 40 base32 characters of the proposal's digest. */
export const proposalId = (digest: string): string =>
  `pr${base32(Buffer.from(digest, 'hex')).slice(0, 40)}`

export const slotOf = (proposal: Proposal): Vote['predicate']['slot'] => ({
  id: proposal.subject.uid ?? `alias:${proposal.subject.alias}`,
  rev: proposal.base?.rev ?? 0,
})

/** The operation that a proposal proposes. */
export const operationOf = ({ op, subject, body }: Proposal): Operation =>
  // The body was checked against the schema of its operation when it was read.
  ({ op, subject, body }) as Operation

/** Undefined unless it is a proposal in every detail that its signature cannot vouch for. */
export function readProposal(opened: Opened): Proposal | undefined {
  const value = readStatement(opened, payloadTypes.proposal)
  if (value?.['v'] !== 1) return undefined
  const { index, op, subject, body, base, scope, author, created, expires, nonce } = value
  const wellFormed =
    isText(index) &&
    isText(op) &&
    isBodyOf(op, body) &&
    isRecord(subject) &&
    isText(subject['alias'], 0) &&
    (subject['uid'] === undefined || isText(subject['uid'])) &&
    (base === null || (isRecord(base) && isCount(base['rev']) && isText(base['head']))) &&
    isRecord(scope) &&
    isText(scope['uid']) &&
    isCount(scope['rev']) &&
    isRecord(author) &&
    isText(author['id']) &&
    isCount(created) &&
    isCount(expires) &&
    isText(nonce)
  return wellFormed ? (value as unknown as Proposal) : undefined
}

export function readVote(opened: Opened): Vote | undefined {
  const value = readStatement(opened, payloadTypes.vote)
  if (value?.['_type'] !== statementType || value['predicateType'] !== votePredicate)
    return undefined
  const { predicate, subject } = value
  const [about, ...more] = Array.isArray(subject) ? (subject as unknown[]) : []
  const wellFormed =
    more.length === 0 &&
    isRecord(about) &&
    isRecord(about['digest']) &&
    isText(about['digest']['sha256']) &&
    isRecord(predicate) &&
    isText(predicate['index']) &&
    isRecord(predicate['scope']) &&
    isRecord(predicate['slot']) &&
    isText(predicate['voter']) &&
    isText(predicate['decision']) &&
    isCount(predicate['cast']) &&
    isRecord(predicate['log'])
  return wellFormed ? (value as unknown as Vote) : undefined
}

export function readGenesis(opened: Opened): Genesis | undefined {
  const value = readStatement(opened, payloadTypes.genesis)
  if (value?.['v'] !== 1) return undefined
  const { trustDomain, group, envelope, created, nonce } = value
  const wellFormed =
    isText(trustDomain) &&
    isGroup(group) &&
    // The body of a new scope holds nothing but an envelope.
    isBodyOf('scope.create', { envelope }) &&
    isCount(created) &&
    isText(nonce)
  return wellFormed ? (value as unknown as Genesis) : undefined
}

function isGroup(value: unknown): boolean {
  if (!isRecord(value)) return false
  const { rev, voters, threshold, minControllers } = value
  return (
    isCount(rev) &&
    Array.isArray(voters) &&
    voters.every(isVoter) &&
    [threshold, minControllers].every(
      (needed) => isRecord(needed) && changeClasses.every((name) => isCount(needed[name])),
    )
  )
}

const isVoter = (value: unknown): boolean =>
  isRecord(value) &&
  isText(value['id']) &&
  isText(value['controller']) &&
  isCount(value['weight']) &&
  Array.isArray(value['keys']) &&
  value['keys'].every(isKey)

const isKey = (value: unknown): boolean =>
  isRecord(value) && isRecord(value['jwk']) && isText(value['jwk']['x']) && isCount(value['from'])

function readStatement(opened: Opened, type: string): Record<string, unknown> | undefined {
  if (opened.payloadType !== type) return undefined
  const parsed = parseCanonical(opened.payload)
  return parsed.ok && isRecord(parsed.value) ? parsed.value : undefined
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown, min = 1): value is string =>
  typeof value === 'string' && value.length >= min
const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0
