import { canonicalize } from '../../core/canonical-json.js'
import { CLOCK_TOLERANCE, plus, toIso, type UnixSeconds } from '../../core/time.js'
import { refuse, type Result } from '../../core/result.js'
import { isShapedLike } from '../../namespace/change-request.js'
import {
  type AskedChanges,
  type Drafting,
  draftProposals,
  type UnsignedProposal,
} from '../../namespace/drafting/draft-proposals.js'
import { stateOfSeen } from '../../namespace/drafting/seen-state.js'
import { payloadTypes, statementDigest } from '../../namespace/dsse.js'
import { isEnrolled } from '../../namespace/enrolment.js'
import { isSignable } from '../../namespace/signable.js'
import { proposalSchema } from '../../namespace/statement-schema.js'
import { type Proposal, proposalId } from '../../namespace/statements.js'
import { isInUse } from '../../namespace/voter-key.js'
import type { JsonReader } from '../json-reader.js'
import { type Outcome, refused, usage } from '../problem.js'

/** Who is about to sign, and what they asked for. */
export interface Proposer {
  readonly asked: AskedChanges
  readonly as: string
  /** JWK thumbprint of their key. */
  readonly key: string
  readonly now: UnixSeconds
}

/** A proposal that says what was asked for, and nothing else. */
export interface CheckedDraft {
  readonly id: string
  readonly proposal: Proposal
  /** As the server showed it: with what the proposal would do. */
  readonly shown: JsonReader
  /** Id of one that says the same and waits already. */
  readonly waits?: string
}

/**
 * What a server would have signed is made here once more, of what was asked for and of what the server
 * shows of its index, and has to come to the same octets. So it can say wrongly what there is, which
 * its own index then refuses or its voters see, and cannot put other words into anybody's mouth.
 */
export function checkedDrafts(answer: JsonReader, by: Proposer): Outcome<readonly CheckedDraft[]> {
  const seen = answer.object('seen')
  const at = seen.instant('at')
  const rows = seen.objects('rows').map(({ value }) => value)
  const meta = seen.object('meta').value
  if (!isSignable({ meta, rows }).ok) return notSigned('rows that are no canonical JSON')
  const made = madeAgain({ meta, rows }, by.asked, { as: by.as, at, nonce: seen.raw('nonce') })
  if (!made.ok) return refused(made.refusal)
  const shown = answer.objects('drafts')
  const drafts: CheckedDraft[] = []
  for (const [position, unsigned] of made.value.entries()) {
    const draft = shown[position]
    const checked = draft ? checkedDraft(draft, unsigned, by) : notSigned('less than that')
    if (!checked.ok) return checked
    drafts.push(checked.value)
  }
  return shown.length === drafts.length ? { ok: true, value: drafts } : notSigned('more than that')
}

function madeAgain(
  seen: Parameters<typeof stateOfSeen>[0],
  asked: AskedChanges,
  by: Drafting,
): Result<readonly UnsignedProposal[]> {
  const source = stateOfSeen(seen)
  if (!source.ok) return source
  try {
    return draftProposals(source.value, asked, by)
  } catch {
    // Of a row only its outline is looked at: what is in it may be anything, and then is nobody's index.
    return refuse('namespace.malformed', 'nothing can be made of what the server shows', {
      wanted: 'rows of its index, as they are',
      next: 'nothing was signed; find out who answers so',
    })
  }
}

function checkedDraft(
  shown: JsonReader,
  { proposal, author }: UnsignedProposal,
  { as, key, now }: Proposer,
): Outcome<CheckedDraft> {
  const { value } = shown.object('proposal')
  if (!isShapedLike(proposalSchema, value) || !isSignable(value).ok) return notSigned('no proposal')
  if (canonicalize(value) !== canonicalize(proposal)) {
    const { op, subject } = value as unknown as Proposal
    return notSigned(`${op} ${subject.alias || '/'}`)
  }
  const own = author.keys.find((one) => one.thumbprint === key && isInUse(one, now))
  const who = { index: proposal.index, voter: as, controller: author.controller }
  // Of another index, whose server this is not, nobody signs anything.
  if (!own || !isEnrolled(own, who)) {
    return refused({
      code: 'namespace.unknown-key',
      detail: 'this key does not sign for this name in this index',
      wanted: `a key that is enrolled for ${as} and in use: capstan group show`,
      found: key,
    })
  }
  const { created, expires } = proposal
  if (created > plus(now, CLOCK_TOLERANCE) || now > expires) {
    return usage('it is not the time to sign this proposal', {
      wanted: `a time from ${toIso(created)} to ${toIso(expires)}`,
      found: toIso(now),
      next: 'ask for it again; look at the clocks',
    })
  }
  const id = proposalId(statementDigest(payloadTypes.proposal, proposal))
  const waits = shown.absent('waits') ? undefined : shown.raw('waits')
  return { ok: true, value: { id, proposal, shown, ...(waits !== undefined && { waits }) } }
}

const notSigned = (found: string) =>
  refused({
    code: 'namespace.bad-canonical',
    detail: 'this is another proposal than the one that was asked for',
    wanted: 'what was asked for, made of what the server shows',
    found,
    next: 'nothing was signed; find out who answers so',
  })
