import { ok, refuse, type Result } from '../core/result.js'
import type { UnixSeconds } from '../core/time.js'
import { sha256, type Uid, uidFromDigest } from '../core/uid.js'
import { decideOne, isBaseOf, letterOf, newUid, responsibleFor, subjectOf } from './decide.js'
import type { Decided } from './effect/decision.js'
import { FoldedState } from './folded-state.js'
import { type ChangeClass, changeClasses } from './group.js'
import type { Part } from './operation.js'
import { secondOf } from './standing.js'
import type { IndexState } from './state.js'
import { operationOf, type Proposal } from './statements.js'

/** One change of a proposal, as if it were proposed alone. */
export interface OnePart {
  readonly proposal: Proposal
  /** Of what it creates. */
  readonly newUid: Uid
  /** Which one it is, where there are several, and what it is made against. */
  readonly among?: {
    readonly position: number
    readonly base: Part['base']
    /** The object of the earlier change that it follows. */
    readonly follows?: Uid
  }
}

/** The changes of a proposal in their order; of most proposals one. */
export function partsOf(proposal: Proposal, digest: string): readonly OnePart[] {
  const operation = operationOf(proposal)
  if (operation.op !== 'changes') {
    return [{ proposal, newUid: newUid(letterOf(proposal.op), digest) }]
  }
  const { changes } = operation.body
  return changes.map(({ op, subject, body, base }, position) => {
    const own = base !== null && 'after' in base ? null : base
    const after = base !== null && 'after' in base && base.after < position ? base.after : undefined
    const earlier = after === undefined ? undefined : changes[after]
    const follows =
      earlier && after !== undefined
        ? (earlier.subject.uid ?? uidOfPart(proposal, earlier.op, after))
        : undefined
    return {
      proposal: { ...proposal, op, subject, body, base: own },
      newUid: uidOfPart(proposal, op, position),
      among: { position, base, ...(follows !== undefined && { follows }) },
    }
  })
}

/**
 * A digest of the proposal cannot be in it, and later changes name what earlier ones create: so the
 * uid is of the index, the nonce and the position. One that there is already is refused.
 */
export const uidOfPart = (
  { index, nonce }: Pick<Proposal, 'index' | 'nonce'>,
  op: Part['op'],
  position: number,
): Uid => uidFromDigest(letterOf(op), sha256(`capstan:part\n${index}\n${nonce}\n${position}`))

export interface PartsContext {
  readonly at: UnixSeconds
  /** The latest notAfter ever issued to an entry that gives up names. */
  readonly issuedUntil: (uid: Uid) => UnixSeconds | null
}

export interface DecidedParts {
  readonly parts: readonly Decided[]
  /** The gravest of them: so many votes it takes. */
  readonly changeClass: ChangeClass
  /** What they leave; nobody else sees it. */
  readonly after: IndexState
}

/** What a proposal would do: each change on what those before it leave. Changes nothing. */
export function decideParts(
  state: IndexState,
  proposal: Proposal,
  digest: string,
  context: PartsContext,
): Result<DecidedParts> {
  const draft = new FoldedState(state.source)
  const parts: Decided[] = []
  for (const part of partsOf(proposal, digest)) {
    const decided = decidePart(draft, part, context)
    if (!decided.ok) return decided
    draft.imagine(decided.value.effect)
    parts.push(decided.value)
  }
  const changeClass = parts.map((one) => one.changeClass).reduce(graver)
  return ok({ parts, changeClass, after: draft })
}

/** The one of two classes that takes more. */
export const graver = (a: ChangeClass, b: ChangeClass): ChangeClass =>
  changeClasses.indexOf(b) > changeClasses.indexOf(a) ? b : a

/** One change, on the state that it finds. */
export function decidePart(
  state: IndexState,
  part: OnePart,
  { at, issuedUntil }: PartsContext,
): Result<Decided> {
  const { proposal, newUid: created, among } = part
  if (among) {
    const fits = mayBeAmong(state, part, among)
    if (!fits.ok) return fits
  }
  const { uid } = proposal.subject
  const released = uid === undefined ? null : issuedUntil(uid)
  return decideOne(state, proposal, { at, newUid: created, issuedUntil: released })
}

/** What is decided together is one group's matter, and made against what is there. */
function mayBeAmong(
  state: IndexState,
  { proposal }: OnePart,
  { base, follows }: NonNullable<OnePart['among']>,
): Result<undefined> {
  const { op, subject, scope } = proposal
  const isFollowing = base !== null && 'after' in base
  const found = subjectOf(state, proposal)
  const isThere = isFollowing
    ? follows === subject.uid && found?.alias === subject.alias
    : isBaseOf(found, proposal)
  if (!isThere) {
    return refuse('namespace.stale-base', 'one of the changes is not about what is there', {
      reason: 'stale_base',
      found: JSON.stringify(subject.alias.slice(0, 80)),
      next: 'look at it again, and propose again',
    })
  }
  const isAlone = op === 'group.set' || op === 'changes' || secondOf(state, proposal) !== undefined
  if (isAlone || responsibleFor(state, { op, subject }).uid !== scope.uid) {
    return refuse('namespace.not-responsible', 'one of the changes is not for this group alone', {
      found: `${op} ${JSON.stringify(subject.alias.slice(0, 80))}`,
      wanted: 'a proposal of its own',
    })
  }
  return ok()
}
