import type { Alias } from '../core/alias.js'
import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { CastVote } from './ballot.js'
import type { ChangeClass } from './group.js'
import { operationOf, type Proposal } from './statements.js'

/**
 * A proposal that voters are asked about, as the log left it. What it is now depends on the time and
 * on what else changed: `standingOf`.
 */
export interface Pending {
  readonly kind: 'pending'
  /** `pr` and 40 base32 characters of the digest. */
  readonly id: string
  /** Of the signed statement, hex. */
  readonly digest: string
  readonly proposal: Proposal
  /** As it was when the proposal was opened; computed anew when it takes effect. */
  readonly class: ChangeClass
  /** Number of the record that opened it, and its hash: votes name them. */
  readonly record: number
  readonly head: string
  readonly opened: UnixSeconds
  /** The author's controller, as the group had it. */
  readonly controller: string
  /** Of a move to a scope of others: the scope whose voters are asked too, and their group's revision. */
  readonly second?: { readonly uid: Uid; readonly rev: number }
  readonly votes: readonly CastVote[]
  /** When it may take effect: the votes are there. */
  readonly due?: UnixSeconds
  /** Of several changes: so many have taken effect, and the next record is the next of them. */
  readonly done?: number
}

/** How a proposal ended. */
export const endings = ['committed', 'rejected', 'withdrawn', 'vetoed', 'stale', 'expired'] as const
export type Ending = (typeof endings)[number]

/** A proposal that is over: what it said is in the log. */
export interface Closed {
  readonly kind: 'closed'
  readonly id: string
  readonly digest: string
  readonly ending: Ending
  /** Numbers of the records that opened and ended it. */
  readonly record: number
  readonly ended: number
  readonly at: UnixSeconds
  readonly votes: readonly CastVote[]
}

export type ProposalRow = Pending | Closed

/** `<scope> <id>`: what waits for one scope's voters. */
export const waitingKey = ({ id, proposal }: Pick<Pending, 'id' | 'proposal'>): string =>
  `${proposal.scope.uid} ${id}`

/** `<what it would change> <id>`: what asks for the same revision of the same subject, or for the same name. */
export const slotKeys = ({ id, proposal }: Pick<Pending, 'id' | 'proposal'>): readonly string[] =>
  slotPrefixes(proposal).map((prefix) => `${prefix}${id}`)

/**
 * What only one proposal may change: a subject at a revision, or a name that nobody has yet, which
 * clusters have apart from scopes and entries. Of several changes together, what each of them finds.
 */
export function slotPrefixes(
  proposal: Pick<Proposal, 'op' | 'subject' | 'body' | 'base'>,
): readonly string[] {
  const operation = operationOf(proposal)
  if (operation.op === 'changes') {
    const all = operation.body.changes.flatMap(({ op, subject, body, base }) =>
      base !== null && 'after' in base ? [] : slotPrefixes({ op, subject, body, base }),
    )
    return [...new Set(all)]
  }
  const { subject, base } = proposal
  return [
    base && subject.uid
      ? revisionPrefix(subject.uid, base.rev)
      : namePrefix(operation.op === 'cluster.register' ? 'cluster' : 'entry', subject.alias),
  ]
}

export const revisionPrefix = (uid: Uid, rev: number): string => `${uid} ${rev} `

export const namePrefix = (kind: 'scope' | 'entry' | 'cluster', alias: Alias): string =>
  `${kind === 'cluster' ? 'cluster' : 'alias'}:${alias} 0 `

export const scopePrefix = (scope: Uid): string => `${scope} `
