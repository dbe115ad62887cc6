import { type Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { seconds, type UnixSeconds } from '../core/time.js'
import { sha256, type Uid, uidFromDigest, type UidKind } from '../core/uid.js'
import { ROOT } from '../core/alias.js'
import { isSignedBy, open, type Opened } from './dsse.js'
import { type ChangeContext, type Decided, effectOf } from './effect-of.js'
import { type Group, passes, type Voter } from './group.js'
import { type LogRecord, readRecord, recordHash } from './log-record.js'
import { type StoredRecord } from './ports.js'
import { type Scope } from './scope.js'
import { type FoldedState, type GovernedObject, type IndexState, objectDigest } from './state.js'
import {
  operationOf,
  type Proposal,
  readGenesis,
  readProposal,
  readVote,
  slotOf,
} from './statements.js'
import { isSmallOrder } from './voter-key.js'

export type FoldRefusal = Refusal<
  | 'namespace.malformed'
  | 'namespace.bad-canonical'
  | 'namespace.bad-signature'
  | 'namespace.wrong-index'
  | 'namespace.stale-base'
  | 'namespace.expired'
  | 'namespace.not-responsible'
>

/** How far a proposer's clock may be from the log's. */
const CLOCK_TOLERANCE = seconds(120)

/**
 * Adds one record to the state, or says why it does not belong there. Pure: every digest, signature,
 * chain and rule is checked from the bytes alone, so that replaying a log on any machine gives the
 * same state or the same refusal.
 */
export function foldRecord(state: FoldedState, stored: StoredRecord): Result<LogRecord> {
  const record = readRecord(stored.bytes)
  const opened = stored.envelopes.map(open)
  if (!record || opened.includes(undefined)) return broken(stored.seq, 'it is not canonical')
  const envelopes = opened.filter((envelope) => envelope !== undefined)
  const inOrder = inSequence(state, stored, record)
  if (!inOrder.ok) return inOrder
  const head = recordHash(stored.bytes)
  const folded =
    record.kind === 'genesis'
      ? foldGenesis(state, record, envelopes, head)
      : foldCommit(state, record, envelopes, head)
  if (!folded.ok) return folded
  state.advance(head, record.ts, record.subject.uid)
  return ok(record)
}

/** Is it the next record of this log? */
function inSequence(
  state: IndexState,
  stored: StoredRecord,
  record: LogRecord,
): Result<undefined, FoldRefusal> {
  const { seq } = stored
  if (record.seq !== seq || seq !== state.size) return broken(seq, 'its number is not the next one')
  if ((record.chain ?? '') !== state.head)
    return broken(seq, 'it does not follow the record before it')
  if ((record.kind === 'genesis') !== (seq === 0))
    return broken(seq, 'only the first is the genesis')
  if (record.ts < state.at) return broken(seq, 'it is older than the record before it')
  return ok()
}

function foldGenesis(
  state: FoldedState,
  record: LogRecord,
  [statement, ...more]: readonly Opened[],
  head: string,
): Result<undefined, FoldRefusal> {
  const genesis = statement && readGenesis(statement)
  if (!genesis || more.length > 0 || statement.digest !== record.prop) {
    return broken(record.seq, 'its genesis statement is not the one it names')
  }
  const keys = genesis.group.voters.flatMap((voter) => voter.keys)
  if (keys.some((key) => isSmallOrder(Buffer.from(key.jwk.x, 'base64url')))) {
    return broken(record.seq, 'a voter key has a small order')
  }
  if (!isSignedBy(statement, keys)) return forged(record.seq, 'the genesis')
  const root: Scope = {
    kind: 'scope',
    uid: newUid('s', statement.digest),
    alias: ROOT,
    state: 'active',
    rev: 1,
    head,
    envelope: genesis.envelope,
    group: genesis.group,
    createdAt: record.ts,
  }
  if (root.uid !== record.subject.uid || objectDigest(root) !== record.after) {
    return broken(record.seq, 'its root scope is not what it says')
  }
  state.begin(statement.digest, genesis.trustDomain, root)
  return ok()
}

function foldCommit(
  state: FoldedState,
  record: LogRecord,
  [statement, ...votes]: readonly Opened[],
  head: string,
): Result<undefined> {
  const proposal = statement && readProposal(statement)
  if (!proposal || statement.digest !== record.prop) {
    return broken(record.seq, 'its proposal is not the one it names')
  }
  if (votes.map((vote) => vote.digest).join() !== record.votes.join()) {
    return broken(record.seq, 'its votes are not those it names')
  }
  const admissible = mayBeDecided(state, proposal, record.ts)
  if (!admissible.ok) return admissible
  const { uid, group } = admissible.value
  if (record.group.uid !== uid || record.group.rev !== group.rev) {
    return broken(record.seq, 'it names another group')
  }
  const author = group.voters.find((voter) => voter.id === proposal.author.id)
  if (author?.status !== 'active' || !isSignedBy(statement, author.keys)) {
    return forged(record.seq, 'the proposal')
  }

  const result = decide(state, proposal, statement.digest, {
    at: record.ts,
    issuedUntil: record.issuedUntil ?? null,
  })
  if (!result.ok) return result
  const { effect, changeClass } = result.value
  const approving = approvals(proposal, statement.digest, votes, group)
  if (changeClass !== record.class || !passes(group, approving, changeClass)) {
    return forged(record.seq, 'the decision')
  }
  const put: GovernedObject = { ...effect.put, head }
  if (!isAsRecorded(record, put, subjectOf(state, proposal))) {
    return broken(record.seq, 'the subject is not what it says')
  }
  state.apply({ ...effect, put })
  return ok()
}

function isAsRecorded(
  record: LogRecord,
  put: GovernedObject,
  before: GovernedObject | undefined,
): boolean {
  return (
    record.subject.uid === put.uid &&
    record.subject.alias === put.alias &&
    record.rev === put.rev &&
    record.prev === (before?.head ?? null) &&
    record.before === (before ? objectDigest(before) : null) &&
    record.after === objectDigest(put)
  )
}

/** Is this a proposal that its group may decide now, about the subject as it is? */
export function mayBeDecided(
  state: IndexState,
  proposal: Proposal,
  now: UnixSeconds,
): Result<{ readonly uid: Uid; readonly group: Group }, FoldRefusal> {
  if (proposal.index !== state.index) {
    return refuse('namespace.wrong-index', 'the proposal is for another index', {
      wanted: state.index,
      found: proposal.index.slice(0, 64),
    })
  }
  if (now < proposal.created - CLOCK_TOLERANCE || now > proposal.expires) {
    return refuse('namespace.expired', 'the proposal is not of this time')
  }
  const subject = subjectOf(state, proposal)
  const { base } = proposal
  const isBase = base === null ? !subject : base.rev === subject?.rev && base.head === subject.head
  if (!isBase || (base === null) !== (proposal.subject.uid === undefined)) {
    return refuse('namespace.stale-base', 'the subject changed since the proposal was made', {
      wanted: subject ? `revision ${subject.rev}` : 'a subject that exists',
      found: base ? `revision ${base.rev}` : 'a new subject',
      next: 'look at it again, and propose again',
    })
  }
  const responsible = responsibleGroup(state, proposal)
  if (responsible.uid !== proposal.scope.uid || responsible.group.rev !== proposal.scope.rev) {
    return refuse('namespace.not-responsible', 'another group decides about this subject')
  }
  return ok(responsible)
}

/** The nearest scope above the subject that has voters of its own. */
export function responsibleGroup(
  state: IndexState,
  { subject }: Pick<Proposal, 'subject'>,
): { readonly uid: Uid; readonly group: Group } {
  let scope = subject.alias === ROOT ? state.root : state.scopeAbove(subject.alias)
  while (!scope.group && scope.alias !== ROOT) scope = state.scopeAbove(scope.alias)
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

/** What the proposal would do. A created object's uid comes from the proposal's own digest. */
export function decide(
  state: IndexState,
  proposal: Proposal,
  digest: string,
  context: Pick<ChangeContext, 'at' | 'issuedUntil'>,
): Result<Decided> {
  const kinds = { scope: 's', entry: 'e', cluster: 'c' } as const
  const kind = proposal.op.split('.')[0] as keyof typeof kinds | 'binding' | 'envelope'
  const letter: UidKind = kind === 'scope' || kind === 'cluster' ? kinds[kind] : 'e'
  return effectOf(state, operationOf(proposal), { ...context, newUid: newUid(letter, digest) })
}

const newUid = (kind: UidKind, digest: string): Uid =>
  uidFromDigest(kind, sha256(Buffer.from(digest, 'hex')))

/** The voters who signed an approval of this proposal, in this slot; a voter counts once. */
function approvals(
  proposal: Proposal,
  digest: string,
  votes: readonly Opened[],
  group: Group,
): ReadonlySet<string> {
  const approving = new Set<string>()
  for (const envelope of votes) {
    const vote = readVote(envelope)
    const voter = group.voters.find(({ id }) => id === vote?.predicate.voter)
    if (vote && voter && counts(vote, voter, envelope, { proposal, digest }))
      approving.add(voter.id)
  }
  return approving
}

function counts(
  { subject: [about], predicate }: NonNullable<ReturnType<typeof readVote>>,
  voter: Voter,
  envelope: Opened,
  { proposal, digest }: { readonly proposal: Proposal; readonly digest: string },
): boolean {
  const slot = slotOf(proposal)
  return (
    predicate.decision === 'approve' &&
    about.digest.sha256 === digest &&
    predicate.index === proposal.index &&
    predicate.scope.uid === proposal.scope.uid &&
    predicate.scope.rev === proposal.scope.rev &&
    predicate.slot.id === slot.id &&
    predicate.slot.rev === slot.rev &&
    isSignedBy(envelope, voter.keys)
  )
}

const broken = (seq: number, why: string) =>
  refuse('namespace.bad-canonical', `record ${seq} of the index log is broken: ${why}`, {
    next: 'restore the data directory from a backup; nothing was changed',
  })

const forged = (seq: number, what: string) =>
  refuse(
    'namespace.bad-signature',
    `record ${seq} of the index log: ${what} is not signed as it must be`,
    {
      next: 'restore the data directory from a backup; nothing was changed',
    },
  )
