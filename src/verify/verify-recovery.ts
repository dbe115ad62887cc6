import { canonicalize } from '../core/canonical-json.js'
import { ok, refuse, type Result } from '../core/result.js'
import { plus, type UnixSeconds } from '../core/time.js'
import { withoutBrake } from '../namespace/brake-mark.js'
import { isSignedBy, open, type Opened } from '../namespace/dsse.js'
import { brakeOf, type Group, passes } from '../namespace/group.js'
import { encodeRecord, recordHash, recoveryKinds } from '../namespace/log-record.js'
import {
  FINISH_WITHIN,
  LONGEST_SIGNING,
  type RecoveryMark,
  type RecoverySet,
} from '../namespace/recovery/recovery.js'
import {
  readCancellation,
  readRecovery,
  type RecoveryStatement,
} from '../namespace/recovery/recovery-statements.js'
import { isSoundRecovery } from '../namespace/recovery/sound-recovery.js'
import { signs } from '../namespace/said.js'
import type { Scope } from '../namespace/scope.js'
import { isOfThisTime } from '../namespace/signed-together.js'
import type { ShownCommit } from './bundle.js'
import { notProved } from './proved.js'
import {
  type CommitContext,
  type CommitRefusal,
  factsOf,
  type Recount,
  type VerifiedCommit,
} from './verified-commit.js'
import { withoutSuspensions } from './verify-decision.js'
import { votesOf } from './verify-evidence.js'

type Logged = ShownCommit['record']
type Verified = Result<VerifiedCommit, CommitRefusal>

/** What a bundle shows of one object before a record, oldest first: verified, with the records. */
export interface Shown {
  readonly record: Logged
  readonly verified: VerifiedCommit
}

/**
 * A step of a recovery: about this very scope, signed by those it names; and where the set, or the
 * group, is as it was, by enough of them.
 */
export function verifyRecoveryCommit(
  context: CommitContext,
  { record }: ShownCommit,
  envelopes: readonly Opened[],
  before: readonly Shown[],
): Verified {
  const isPlain =
    context.scopes.some(({ scope }) => scope.uid === record.subject.uid) &&
    record.votes.length === 0 &&
    record.group.uid === record.subject.uid &&
    envelopes.length > 0 &&
    envelopes.every(({ digest }) => digest === record.prop)
  if (!isPlain) return notProved(`the recovery of record ${record.seq}`)
  if (record.kind === 'recovery-start') return verifyStart(context, record, envelopes)
  return record.kind === 'recovery-cancel'
    ? verifyCancel(context, record, envelopes, before)
    : verifyFinish(context, record, envelopes, before)
}

/** The statement of a start or a finish, where it is about the scope and the group of the record. */
function recoveryOf(
  { index }: CommitContext,
  record: Logged,
  envelopes: readonly Opened[],
): RecoveryStatement | undefined {
  const statement = envelopes[0] && readRecovery(envelopes[0])
  const isAbout =
    statement !== undefined &&
    record.class === 'structural' &&
    isOfEach(statement.holders, envelopes) &&
    statement.index === index &&
    statement.subject.uid === record.subject.uid &&
    statement.subject.alias === record.subject.alias &&
    statement.from === record.group.rev
  return isAbout ? statement : undefined
}

const isOfEach = (ids: readonly string[], envelopes: readonly Opened[]): boolean =>
  envelopes.length === ids.length && new Set(ids).size === ids.length

function verifyStart(
  context: CommitContext,
  record: Logged,
  envelopes: readonly Opened[],
): Verified {
  const statement = recoveryOf(context, record, envelopes)
  const isThisOne =
    statement?.base.head === record.prev &&
    statement.base.rev + 1 === record.rev &&
    isOfThisTime(statement, record.ts, LONGEST_SIGNING)
  if (!isThisOne) return notProved(`the recovery of record ${record.seq}`)
  const set = setOf(context, record)
  const counted = set
    ? countedHolders(record, statement, { envelopes, set, at: record.ts })
    : ok(before)
  return counted.ok ? ok(told('recovery.start', record, statement, counted.value)) : counted
}

const before: Recount = { counted: 'before', because: 'group-changed' }

/**
 * The recovery set of the group that a recovery is about: it is the same in the group that it made.
 * Whether it made one say the records that are shown: what the scope says of itself could be left out.
 * A walk knows the group that there was.
 */
function setOf(
  { scopes, then }: CommitContext,
  { subject, group, prop }: Logged,
): RecoverySet | undefined {
  const found = scopes.find(({ scope }) => scope.uid === subject.uid)
  const isMade = found?.shown.commits.some(
    ({ record }) => record.kind === 'recovery-finish' && record.prop === prop,
  )
  const own = found?.scope.group
  return own?.rev === group.rev + (isMade && !then ? 1 : 0) ? own.recovery : undefined
}

interface Signed {
  readonly envelopes: readonly Opened[]
  readonly set: RecoverySet
  /** When it was handed in. */
  readonly at: UnixSeconds
}

function countedHolders(
  { seq }: Logged,
  { holders, created }: RecoveryStatement,
  { envelopes, set, at }: Signed,
): Result<Recount, CommitRefusal> {
  for (const id of holders) {
    const holder = set.holders.find((one) => one.id === id)
    if (!holder || !envelopes.some((envelope) => signs(holder, envelope, created, at))) {
      return notProved(`that ${id} signed the recovery of record ${seq}`)
    }
  }
  const { threshold } = set
  const [weight, controllers] = [holders.length, holders.length]
  return weight >= threshold
    ? ok({ counted: 'again', weight, threshold, controllers, minControllers: threshold })
    : tooFew(seq, String(threshold), String(weight))
}

const tooFew = (seq: number, wanted: string, found: string): Result<never, CommitRefusal> =>
  refuse('bundle.no-quorum', `those who signed the recovery of record ${seq} are too few`, {
    wanted,
    found,
  })

/**
 * The records of the scope before it lead back to the start without a gap, and nobody stopped it
 * between: its time had come, and was not over.
 */
function verifyFinish(
  context: CommitContext,
  record: Logged,
  envelopes: readonly Opened[],
  earlier: readonly Shown[],
): Verified {
  const statement = recoveryOf(context, record, envelopes)
  const start = statement && startBefore(record, earlier)
  if (!start) return notProved(`the start of the recovery of record ${record.seq}`)
  const set = setOf(context, record)
  if (!set) return ok(told('recovery.finish', record, statement, before))
  const due = plus(start.ts, set.delay)
  if (record.ts < due || record.ts >= plus(due, FINISH_WITHIN)) {
    return notProved(`that the recovery of record ${record.seq} was finished in its time`)
  }
  const counted = countedHolders(record, statement, { envelopes, set, at: start.ts })
  return counted.ok ? ok(told('recovery.finish', record, statement, counted.value)) : counted
}

/** Each record names the one before it about the same scope. */
function startBefore(record: Logged, earlier: readonly Shown[]): Logged | undefined {
  let next = record
  for (const { record: one, verified } of [...earlier].reverse()) {
    if (recordHash(encodeRecord(one)) !== next.prev) return undefined
    if (one.kind === 'recovery-start') return one.prop === record.prop ? one : undefined
    if (one.kind === 'recovery-cancel' || one.kind === 'recovery-finish') return undefined
    if (verified.op === 'group.set') return undefined
    next = one
  }
  return undefined
}

function verifyCancel(
  { index, scopes }: CommitContext,
  record: Logged,
  envelopes: readonly Opened[],
  earlier: readonly Shown[],
): Verified {
  const statement = envelopes[0] && readCancellation(envelopes[0])
  const isThisOne =
    statement !== undefined &&
    record.class === 'emergency' &&
    isOfEach(statement.voters, envelopes) &&
    statement.index === index &&
    statement.subject.uid === record.subject.uid &&
    statement.subject.alias === record.subject.alias &&
    statement.from === record.group.rev &&
    isOfThisTime(statement, record.ts, LONGEST_SIGNING) &&
    earlier.findLast(({ record: { kind } }) => kind === 'recovery-start')?.record.prop ===
      statement.recovery
  if (!isThisOne) return notProved(`what stopped a recovery in record ${record.seq}`)
  const { voters, created } = statement
  const decider = scopes.find(({ scope }) => scope.uid === record.subject.uid)
  const group = decider?.scope.group
  if (!decider || group?.rev !== record.group.rev) {
    return ok(told('recovery.cancel', record, statement, before))
  }
  // Since then one of them may have been suspended.
  const electorate = decider.seq > record.seq ? withoutSuspensions(group) : group
  for (const id of voters) {
    const voter = electorate.voters.find((one) => one.id === id && one.status === 'active')
    if (!voter || !envelopes.some((envelope) => signs(voter, envelope, created, record.ts))) {
      return notProved(`that ${id} stopped a recovery in record ${record.seq}`)
    }
  }
  const isEnough = !brakeOf(group) || passes(electorate, new Set(voters), 'emergency')
  const [threshold, minControllers] = [group.threshold.emergency, group.minControllers.emergency]
  if (!isEnough) return tooFew(record.seq, String(threshold), voters.join(', '))
  const behind = electorate.voters.filter(({ id }) => voters.includes(id))
  const weight = behind.reduce((sum, voter) => sum + voter.weight, 0)
  const controllers = new Set(behind.map(({ controller }) => controller)).size
  const recount: Recount = { counted: 'again', weight, threshold, controllers, minControllers }
  return ok(told('recovery.cancel', record, statement, recount))
}

function told(
  op: string,
  record: Logged,
  statement: {
    readonly holders?: readonly string[]
    readonly voters?: readonly string[]
    readonly reason?: string
    readonly ticket?: string
  },
  recount: Recount,
): VerifiedCommit {
  const { reason, ticket, holders, voters } = statement
  const by = holders ?? voters ?? []
  return {
    ...factsOf(record),
    op,
    ...(by[0] !== undefined && { by: by[0] }),
    ...(reason !== undefined && { reason }),
    ...(ticket !== undefined && { ticket }),
    voters: recount.counted === 'again' ? by : [],
    recount,
  }
}

/**
 * Does a scope say of its latest recovery what the records that are shown say, and nothing where they
 * are about groups of before; and is the group that one made the one that was signed?
 */
export function isAsRecovered(
  { recovery: mark, group }: Omit<Scope, 'head'>,
  commits: readonly ShownCommit[],
): boolean {
  const steps = commits.filter(({ record }) => recoveryKinds.some((kind) => kind === record.kind))
  const latest = group?.rev ?? 0
  if (!mark) return steps.every(({ record }) => groupAfter(record) < latest)
  if (!group?.recovery || !isSoundRecovery(group).ok) return false
  const begun = steps.findLastIndex(({ record }) => record.kind === 'recovery-start')
  const [start, end, ...more] = begun < 0 ? [] : steps.slice(begun)
  const statement = start && statementOf(start)
  if (!statement || more.length > 0) return false
  if (!steps.every(({ record }) => groupAfter(record) <= latest)) return false
  const stopped = end?.record.kind === 'recovery-cancel' ? end.record : undefined
  const finished = end?.record.kind === 'recovery-finish' ? end.record : undefined
  const again = stopped && mark.cancelled?.again
  const expected: RecoveryMark = {
    statement: start.record.prop,
    record: start.record.seq,
    from: statement.from,
    holders: statement.holders,
    since: start.record.ts,
    due: plus(start.record.ts, group.recovery.delay),
    ...(stopped && again !== undefined && { cancelled: { at: stopped.ts, again } }),
    ...(finished && { finished: finished.ts }),
  }
  if (canonicalize(expected) !== canonicalize(mark)) return false
  if (stopped && again === undefined) return false
  return finished
    ? group.rev === statement.from + 1 &&
        isSameGroup(group, statement.group) &&
        keepsSuspensions(group, commits.slice(commits.indexOf(start)))
    : group.rev === statement.from
}

/** No key of a voter who may vote has signed two votes against each other since the recovery began. */
function keepsSuspensions({ voters }: Group, since: readonly ShownCommit[]): boolean {
  const votes = since
    .filter(({ record }) => record.kind === 'evidence')
    .flatMap(({ envelopes }) => votesOf(envelopes).map(openedAgain))
  return voters.every(
    ({ status, keys }) =>
      status === 'suspended' || !votes.some((vote) => vote && isSignedBy(vote, keys)),
  )
}

/** Revision of the scope's group after a step. */
const groupAfter = ({ kind, group }: Logged): number =>
  kind === 'recovery-finish' ? group.rev + 1 : group.rev

const openedAgain = (shown: ShownCommit['envelopes'][number]): Opened | undefined =>
  open(Buffer.from(canonicalize(shown)))

function statementOf({ envelopes: [first] }: ShownCommit): RecoveryStatement | undefined {
  const opened = first && openedAgain(first)
  return opened && readRecovery(opened)
}

/** But for brakes on its voters, and for those who are suspended: they were before, or evidence has suspended them since. */
function isSameGroup(
  { rev: _rev, recovery: _set, ...group }: Group,
  signed: RecoveryStatement['group'],
): boolean {
  const bare = (voters: Group['voters']) =>
    voters.map((voter) => ({ ...withoutBrake(voter), status: 'active' }))
  const same =
    canonicalize({ ...group, voters: bare(group.voters) }) ===
    canonicalize({ ...signed, voters: bare(signed.voters) })
  return (
    same &&
    signed.voters.every(
      ({ status }, at) => status === 'active' || group.voters[at]?.status === status,
    )
  )
}
