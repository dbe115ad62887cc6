import type { Alias } from '../../core/alias.js'
import { ok, refuse, type Result } from '../../core/result.js'
import { type Clock, type RandomBytes, unixSeconds } from '../../core/time.js'
import { waitingLike } from '../bundles.js'
import { payloadTypes, statementDigest } from '../dsse.js'
import type { Pace } from '../ports.js'
import { Effort } from '../questions/effort.js'
import { type Impact, impactOf } from '../questions/impact.js'
import type { IndexState } from '../state.js'
import { type Proposal, proposalId } from '../statements.js'
import { type AskedChanges, type Drafting, draftProposals } from './draft-proposals.js'
import { type Seen, SeenState } from './seen-state.js'

/** One proposal that waits for its author's signature. */
export interface Draft {
  readonly id: string
  /** Of the statement, hex. */
  readonly digest: string
  /** Alias of the scope whose voters decide. */
  readonly scope: Alias
  readonly proposal: Proposal
  /** What it would do if it took effect now. */
  readonly impact: Impact
  /** Id of a proposal that says the same and waits: nobody need propose it again. */
  readonly waits?: string
}

export interface Drafted {
  readonly by: Pick<Drafting, 'at' | 'nonce'>
  /** All that they were made of. */
  readonly seen: Seen
  readonly drafts: readonly Draft[]
}

/** About 20 MB of answer. */
const MOST_ROWS = 50_000

interface Drafter {
  readonly clock: Pick<Clock, 'now'>
  readonly random: RandomBytes
}

/** Proposals for somebody else to check and to sign. Changes nothing. */
export async function draftFor(
  { clock, random }: Drafter,
  state: IndexState,
  { asked, as }: { readonly asked: AskedChanges; readonly as: string },
  pace: Pace,
): Promise<Result<Drafted>> {
  const at = unixSeconds(Math.max(clock.now(), state.at))
  const by: Drafting = { as, at, nonce: Buffer.from(random(16)).toString('hex') }
  const noting = new SeenState(state.source)
  const made = draftProposals(noting, asked, by)
  if (!made.ok) return made
  const { seen } = noting
  if (seen.rows.length > MOST_ROWS) {
    return refuse('namespace.malformed', 'too much of the index is part of this proposal', {
      wanted: `at most ${MOST_ROWS} rows to be shown with it`,
      found: String(seen.rows.length),
      next: 'propose it in parts; with prune every entry is a part of it',
    })
  }
  const drafts: Draft[] = []
  for (const { proposal } of made.value) {
    const digest = statementDigest(payloadTypes.proposal, proposal)
    const impact = await impactOf(state, { proposal, digest, opened: by.at }, new Effort(pace))
    if (!impact.ok) return impact
    const { uid } = proposal.scope
    const waits = 'document' in asked ? waitingLike(state, uid, proposal) : undefined
    drafts.push({
      id: proposalId(digest),
      digest,
      scope: state.scopes.get(uid)?.alias ?? proposal.subject.alias,
      proposal,
      impact: impact.value,
      ...(waits !== undefined && { waits }),
    })
  }
  return ok({ by: { at: by.at, nonce: by.nonce }, seen, drafts })
}
