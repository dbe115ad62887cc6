import { type Alias, ROOT } from '../core/alias.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { CLOCK_TOLERANCE, toIso, type UnixSeconds } from '../core/time.js'
import { sha256, type Uid, uidFromDigest, type UidKind } from '../core/uid.js'
import type { ChangeContext, Decided } from './effect/decision.js'
import { effectOf } from './effect/effect-of.js'
import type { Group } from './group.js'
import type { GovernedObject, IndexState } from './state.js'
import { operationOf, type Proposal } from './statements.js'

/** Who decides about a subject: the scope with voters of its own, and they. */
export interface Responsible {
  readonly uid: Uid
  readonly group: Group
}

type Undecidable = Refusal<
  | 'namespace.wrong-index'
  | 'namespace.expired'
  | 'namespace.stale-base'
  | 'namespace.not-responsible'
>

/** Is this a proposal that its group may decide now, about the subject as it is? */
export function mayBeDecided(
  state: IndexState,
  proposal: Proposal,
  now: UnixSeconds,
): Result<Responsible, Undecidable> {
  if (now < proposal.created - CLOCK_TOLERANCE || now > proposal.expires) {
    return refuse('namespace.expired', 'the proposal is not of this time', {
      wanted: `a time from ${toIso(proposal.created)} to ${toIso(proposal.expires)}`,
      found: toIso(now),
    })
  }
  return isOfThisState(state, proposal)
}

/** The same whatever the time: is it still about the index as it is? */
export function isOfThisState(
  state: IndexState,
  proposal: Proposal,
): Result<Responsible, Undecidable> {
  if (proposal.index !== state.index) {
    return refuse('namespace.wrong-index', 'the proposal is for another index', {
      wanted: state.index,
      found: JSON.stringify(proposal.index.slice(0, 64)),
    })
  }
  const subject = subjectOf(state, proposal)
  const { base } = proposal
  const isBase = base === null ? !subject : base.rev === subject?.rev && base.head === subject.head
  if (!isBase || (base === null) !== (proposal.subject.uid === undefined)) {
    return refuse('namespace.stale-base', 'the subject changed since the proposal was made', {
      reason: 'stale_base',
      wanted: subject ? `revision ${subject.rev}` : 'a subject that exists',
      found: base ? `revision ${base.rev}` : 'a new subject',
      next: 'look at it again, and propose again',
    })
  }
  // The alias chooses the group, and the uid what it decides about: they must be of one object.
  if (subject && subject.alias !== proposal.subject.alias) {
    return refuse('namespace.stale-base', 'the subject has another alias', {
      reason: 'stale_base',
      wanted: subject.alias,
      found: JSON.stringify(proposal.subject.alias.slice(0, 80)),
    })
  }
  const changed = proposal.reads?.find(({ uid, rev }) => revisionOf(state, uid) !== rev)
  if (changed) {
    return refuse('namespace.stale-base', 'what the proposal was made in view of has changed', {
      reason: 'stale_read',
      wanted: `${changed.uid} at revision ${changed.rev}`,
      found: `revision ${revisionOf(state, changed.uid) ?? 0}`,
      next: 'look at it again, and propose again',
    })
  }
  const responsible = responsibleFor(state, proposal)
  if (responsible.uid !== proposal.scope.uid || responsible.group.rev !== proposal.scope.rev) {
    return refuse('namespace.not-responsible', 'another group decides about this subject', {
      reason: 'stale_group',
      wanted: `${responsible.uid}, revision ${responsible.group.rev} of its group`,
    })
  }
  return ok(responsible)
}

export const isStale = (state: IndexState, proposal: Proposal): boolean =>
  !isOfThisState(state, proposal).ok

/** Is this the object, by its uid and its alias, that a change is made against? */
export const isBaseOf = (
  found: GovernedObject | undefined,
  { base, subject }: Pick<Proposal, 'base' | 'subject'>,
): boolean =>
  base === null
    ? !found && subject.uid === undefined
    : base.rev === found?.rev && base.head === found.head && subject.alias === found.alias

const revisionOf = (state: IndexState, uid: Uid): number | undefined =>
  (state.entries.get(uid) ?? state.scopes.get(uid) ?? state.clusters.get(uid))?.rev

/** What says who decides. */
export type DecidingState = Pick<IndexState, 'root' | 'scopeAbove'> & {
  readonly scopes: Pick<IndexState['scopes'], 'get'>
}

/**
 * Who decides: the nearest active scope above the subject that has voters of its own. About a scope's
 * voters they decide themselves, or those above where the proposal names them; several changes
 * together name the scope itself.
 */
export function responsibleFor(
  state: DecidingState,
  {
    op,
    subject,
    scope: named,
  }: Pick<Proposal, 'op' | 'subject'> & Partial<Pick<Proposal, 'scope'>>,
): Responsible {
  const isOfGroup = op === 'voter.reinstate' || op === 'emergency.ratify'
  const isOwn = op === 'group.set' || op === 'changes' || isOfGroup
  const own = isOwn && subject.uid ? state.scopes.get(subject.uid) : undefined
  // Those above step in with another group, and not with less.
  const isAsNamed = named === undefined || named.uid === own?.uid || isOfGroup
  if (own?.group && own.state === 'active' && isAsNamed) {
    return { uid: own.uid, group: own.group }
  }
  return responsibleAbove(state, subject.alias)
}

/** The nearest active scope above an alias that has voters of its own. */
export function responsibleAbove(state: DecidingState, alias: Alias): Responsible {
  let scope = alias === ROOT ? state.root : state.scopeAbove(alias)
  while (!(scope.group && scope.state === 'active') && scope.alias !== ROOT) {
    scope = state.scopeAbove(scope.alias)
  }
  const { uid, group } = scope
  if (!group) throw new Error('the root scope has no voters')
  return { uid, group }
}

/** What the proposal is about, as it is; undefined for what it would create. */
export function subjectOf(
  state: IndexState,
  { subject }: Pick<Proposal, 'subject'>,
): GovernedObject | undefined {
  const { uid } = subject
  return uid && (state.entries.get(uid) ?? state.scopes.get(uid) ?? state.clusters.get(uid))
}

/** What one change would do. */
export function decideOne(
  state: IndexState,
  proposal: Proposal,
  context: ChangeContext,
): Result<Decided> {
  const operation = operationOf(proposal)
  if (operation.op === 'changes') {
    return refuse('namespace.malformed', 'several changes are decided one by one', {
      wanted: 'one change, or a proposal of several that voters were asked about',
    })
  }
  const isCreation = letters[operation.op] !== undefined
  const fresh = isCreation ? isNew(state, proposal, context.newUid) : ok()
  return fresh.ok ? effectOf(state, operation, context) : fresh
}

/** Neither does what is created take the place of something that was, nor is its uid used again. */
function isNew(
  state: IndexState,
  { subject: { alias, uid }, base }: Proposal,
  created: Uid,
): Result<undefined, Refusal<'namespace.stale-base' | 'namespace.duplicate'>> {
  if (uid !== undefined || base !== null) {
    return refuse('namespace.stale-base', 'what is created is there already', {
      reason: 'stale_base',
      wanted: 'a new subject: an alias alone, and no revision',
      found: JSON.stringify(alias.slice(0, 80)),
    })
  }
  return subjectOf(state, { subject: { alias, uid: created } })
    ? refuse('namespace.duplicate', 'a uid is never used again', {
        wanted: 'a proposal of its own for each thing that is created',
        found: created,
      })
    : ok()
}

/** The same of a proposal of one change: what it creates has a uid of the proposal's own digest. */
export const decide = (
  state: IndexState,
  proposal: Proposal,
  digest: string,
  context: Pick<ChangeContext, 'at' | 'issuedUntil'>,
): Result<Decided> =>
  decideOne(state, proposal, { ...context, newUid: newUid(letterOf(proposal.op), digest) })

export const letterOf = (op: Proposal['op']): UidKind => letters[op] ?? 'e'

/** What a creation makes; nothing else takes a uid. */
const letters: Readonly<Partial<Record<Proposal['op'], UidKind>>> = {
  'entry.create': 'e',
  'scope.create': 's',
  'cluster.register': 'c',
}

export const newUid = (kind: UidKind, digest: string): Uid =>
  uidFromDigest(kind, sha256(Buffer.from(digest, 'hex')))
