import { parentAlias, ROOT } from '../core/alias.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { days, plus, type UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import { responsibleAbove, responsibleFor, subjectOf } from './decide.js'
import { MAX_ENVELOPE_BYTES } from './dsse.js'
import type { Operation } from './operation.js'
import type { IndexState } from './state.js'
import { operationOf, type Proposal } from './statements.js'

/** Why, for the record. */
export type Why = Pick<Proposal, 'reason' | 'ticket'>

/** What a proposal says beside its operation. */
export interface Words extends Why {
  readonly nonce: string
  /** The voters of the scope above decide about a group, over the heads of its own. */
  readonly intervenes?: true
}

/** Longer than any proposal waits that is decided at once. */
const LIFETIME_AT_ONCE = days(1)
/** How long one waits for votes. */
const LIFETIME = days(7)

/** Whose voters are asked. */
export function scopeAsked(
  state: IndexState,
  { op, subject }: Pick<Operation, 'op' | 'subject'>,
  { intervenes }: Pick<Words, 'intervenes'>,
): Proposal['scope'] {
  const { uid, group } = intervenes
    ? responsibleAbove(state, subject.alias)
    : responsibleFor(state, { op, subject })
  return { uid, rev: group.rev }
}

/** A proposal of this operation, made against what is now, and decided at once. */
export function proposalAtOnce(
  state: IndexState,
  { op, subject, body }: Operation,
  made: Words & Pick<Proposal, 'author'> & { readonly at: UnixSeconds },
): Proposal {
  const { at, author, nonce, reason, ticket } = made
  const before = subjectOf(state, { subject })
  return {
    v: 1,
    index: state.index,
    op,
    subject,
    body,
    base: before ? { rev: before.rev, head: before.head } : null,
    scope: scopeAsked(state, { op, subject }, made),
    author,
    ...(reason !== undefined && { reason }),
    ...(ticket !== undefined && { ticket }),
    created: at,
    expires: plus(at, LIFETIME_AT_ONCE),
    nonce,
  }
}

/** The same for voters to see: it waits for them, and goes stale with what it was made in view of. */
export const forVoters = (state: IndexState, proposal: Proposal): Proposal => ({
  ...proposal,
  expires: plus(proposal.created, LIFETIME),
  reads: readsOf(state, proposal),
})

/** `length` of the envelope, in octets. */
export const fitsRecord = (length: number): Result<undefined, Refusal<'namespace.malformed'>> =>
  length <= MAX_ENVELOPE_BYTES
    ? ok()
    : refuse('namespace.malformed', 'the change is too large for one record', {
        wanted: `at most ${MAX_ENVELOPE_BYTES} octets, signed and encoded`,
        found: `${length} octets`,
        next: 'make it in several smaller changes',
      })

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
