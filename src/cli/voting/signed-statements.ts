import { canonicalize } from '../../core/canonical-json.js'
import { sha256Hex } from '../../core/uid.js'
import type { UnixSeconds } from '../../core/time.js'
import type { Decision } from '../../namespace/ballot.js'
import { type PayloadType, payloadTypes, preAuthEncoding } from '../../namespace/dsse.js'
import { isShapedLike } from '../../namespace/change-request.js'
import { isSignable } from '../../namespace/signable.js'
import { impactDigest } from '../../namespace/questions/impact.js'
import { proposalSchema } from '../../namespace/statement-schema.js'
import {
  type Proposal,
  proposalId,
  slotOf,
  statementType,
  type Vote,
  votePredicate,
} from '../../namespace/statements.js'
import type { JsonReader } from '../json-reader.js'
import { type Outcome, refused } from '../problem.js'
import type { OpenedKey } from './voter-key.js'

/** A DSSE envelope, as the API takes it. */
export interface Envelope extends Readonly<Record<string, unknown>> {
  readonly payload: string
  readonly payloadType: string
  readonly signatures: readonly { readonly sig: string }[]
}

export async function signed(
  key: OpenedKey,
  payloadType: PayloadType,
  statement: unknown,
): Promise<Envelope> {
  const payload = Buffer.from(canonicalize(statement), 'utf8')
  const signature = await key.sign(preAuthEncoding(payloadType, payload))
  const sig = Buffer.from(signature).toString('base64')
  return { payload: payload.toString('base64'), payloadType, signatures: [{ sig }] }
}

/** A proposal as a server or a file shows it, found to be what its digest says. */
export interface ShownProposal {
  readonly id: string
  readonly digest: string
  readonly proposal: Proposal
  /** The log up to the proposal: votes name it. */
  readonly log: { readonly size: number; readonly head: string }
  /** What the voter said before, where they did. */
  readonly votes: readonly JsonReader[]
  /** Digest of the impact that is shown with it, where one is. */
  readonly impact?: string
}

/** A vote has the number after the voter's last one; what that was, the server says. */
const MOST_VOTES = 1000

/**
 * Nothing is signed that was not looked at: the digest is reckoned here, from the statement that is
 * shown, and whoever shows another one is refused. The id is made of the digest: who asks for a whole
 * id gets that proposal or none.
 */
export function shownProposal(answer: JsonReader, asked: string): Outcome<ShownProposal> {
  const open = answer.optionalObject('open')
  const id = answer.text('id')
  if (!id.startsWith(asked)) {
    return refused({
      code: 'namespace.bad-canonical',
      detail: 'this is another proposal than the one that was asked for',
      wanted: asked,
      found: id,
      next: 'do not vote; find out who answers so',
    })
  }
  if (!open || answer.absent('proposal')) {
    return refused({
      code: 'namespace.closed',
      detail: `the proposal is ${answer.text('standing')}`,
      wanted: 'a proposal that waits for votes',
      found: id,
    })
  }
  const { value } = answer.object('proposal')
  if (!isShapedLike(proposalSchema, value) || !isSignable(value).ok) {
    return unreadable('statement', id)
  }
  const statement = Buffer.from(canonicalize(value), 'utf8')
  const digest = sha256Hex(preAuthEncoding(payloadTypes.proposal, statement))
  if (digest !== answer.raw('digest') || proposalId(digest) !== id) {
    return refused({
      code: 'namespace.bad-canonical',
      detail: 'the proposal is not the one that its digest names',
      wanted: digest,
      found: answer.text('digest'),
      next: 'do not vote; find out who changed it',
    })
  }
  const log = { size: answer.count('record') + 1, head: open.raw('head') }
  const votes = open.objects('votes')
  const impact = shownImpact(answer, digest)
  if (!impact.ok) return impact
  const shown = impact.value !== undefined && { impact: impact.value }
  const proposal = value as unknown as Proposal
  return { ok: true, value: { id, digest, proposal, log, votes, ...shown } }
}

const unreadable = (what: string, id: string) =>
  refused({ code: 'namespace.malformed', detail: `this is not a proposal's ${what}`, found: id })

/** Reckoned from what is shown too: whoever shows another digest with it is refused. */
function shownImpact(answer: JsonReader, proposal: string): Outcome<string | undefined> {
  const impact = answer.optionalObject('impact')
  if (!impact) return { ok: true, value: undefined }
  // A file may hold anything.
  if (!isSignable(impact.value).ok) return unreadable('impact', answer.text('id'))
  const digest = impactDigest(impact.value)
  if (digest === answer.raw('impactDigest') && impact.raw('proposal') === proposal) {
    return { ok: true, value: digest }
  }
  return refused({
    code: 'namespace.impact-differs',
    detail: 'the impact is not the one that its digest names, or of another proposal',
    wanted: digest,
    found: answer.text('impactDigest'),
    next: 'do not vote; find out who changed it',
  })
}

/** Whoever does not say whose key it was may mean this one. */
const mayBeOf = (vote: JsonReader, key: string): boolean =>
  vote.absent('keys') || vote.raws('keys').includes(key)

/** A vote about it, to be signed by `voter`. */
export function voteAbout(
  { id, digest, proposal, log, votes, impact }: ShownProposal,
  {
    voter,
    key,
    decision,
    cast,
  }: {
    readonly voter: string
    /** JWK thumbprint of the key that is to sign. */
    readonly key: string
    readonly decision: Decision
    readonly cast: UnixSeconds
  },
): Outcome<Vote> {
  // Another group may know another person by this name, whose votes number themselves.
  const own = votes.filter((vote) => vote.raw('voter') === voter && mayBeOf(vote, key))
  const seq = Math.max(0, ...own.map((vote) => vote.count('seq'))) + 1
  if (seq > MOST_VOTES) {
    return refused({
      code: 'namespace.malformed',
      detail: 'you have not voted so often about this proposal',
      wanted: `a vote below number ${MOST_VOTES}`,
      found: String(seq - 1),
      next: 'do not vote: after the last number that there is nothing could be taken back',
    })
  }
  const vote: Vote = {
    _type: statementType,
    predicateType: votePredicate,
    subject: [{ name: id, digest: { sha256: digest } }],
    predicate: {
      index: proposal.index,
      scope: proposal.scope,
      slot: slotOf(proposal),
      voter,
      decision,
      seq,
      cast,
      log,
      // Whoever says no says it whatever the impact is: nothing may stand in the way of that.
      ...(decision === 'approve' && impact !== undefined && { impact }),
    },
  }
  return { ok: true, value: vote }
}
