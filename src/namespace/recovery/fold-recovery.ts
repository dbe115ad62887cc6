import { ok, refuse, type Result } from '../../core/result.js'
import { plus, type Seconds, seconds, toIso, type UnixSeconds } from '../../core/time.js'
import type { Opened } from '../dsse.js'
import { scopePath } from '../scope-path.js'
import { gone } from '../effect/decision.js'
import { brakeOf, type ChangeClass, passes } from '../group.js'
import { commitRecord, type LogRecord, type RecoveryKind } from '../log-record.js'
import type { Outcome } from '../outcome.js'
import { broken, isSame } from '../record-refusals.js'
import { malformed, notSigned, signs } from '../said.js'
import type { Scope } from '../scope.js'
import { areOfAll, isOfThisTime } from '../signed-together.js'
import type { IndexState } from '../state.js'
import { type Governed, mayDecide, recoverable, recovered } from './recovered.js'
import {
  finishBefore,
  isOpen,
  LONGEST_SIGNING,
  type RecoveryMark,
  recoveryStanding,
  TO_DECIDE,
} from './recovery.js'
import {
  type CancellationStatement,
  readCancellation,
  readRecovery,
  type RecoveryStatement,
} from './recovery-statements.js'

/** A step of a recovery that may be made now. */
export interface RecoveryStep {
  readonly kind: RecoveryKind
  readonly digest: string
  readonly before: Governed
  readonly put: Scope
  readonly changeClass: ChangeClass
}

type Step = Result<RecoveryStep>

/**
 * Does a recovery set say, about its scope as it is, that others are to decide there? It changes
 * nothing yet but that the scope says so.
 */
export function startingOf(state: IndexState, envelopes: readonly Opened[], at: UnixSeconds): Step {
  const [first] = envelopes
  const statement = first && readRecovery(first)
  if (!statement || !areOfAll(statement.holders, envelopes)) return malformed('a recovery')
  const found = scopeOf(state, statement, at)
  if (!found.ok) return found
  const scope = found.value
  const { base, from, holders } = statement
  if (base.rev !== scope.rev || base.head !== scope.head || from !== scope.group.rev) {
    return refuse('namespace.stale-base', 'the scope changed since the recovery was signed', {
      reason: 'stale_base',
      wanted: `revision ${scope.rev}, with revision ${scope.group.rev} of its group`,
      found: `revision ${base.rev}, with revision ${from}`,
      next: 'look at it again, and sign again',
    })
  }
  const free = mayStart(scope, at)
  if (!free.ok) return free
  const set = recoverable(scope)
  if (!set.ok) return set
  const signed = isSignedByHolders(scope, statement, { envelopes, at })
  if (!signed.ok) return signed
  const sound = mayDecide(state, scope, statement)
  if (!sound.ok) return sound
  const recovery: RecoveryMark = {
    statement: first.digest,
    record: state.size,
    from,
    holders,
    since: at,
    due: plus(at, set.value.delay),
  }
  const put = { ...scope, rev: scope.rev + 1, recovery }
  const { digest } = first
  return ok({ kind: 'recovery-start', digest, before: scope, put, changeClass: 'structural' })
}

/** One at a time; and those who stopped one have time to decide whether this set is to stay. */
function mayStart({ recovery }: Scope, at: UnixSeconds): Result<undefined> {
  if (recovery && isOpen(recovery, at)) {
    return refuse('namespace.wrong-state', 'a recovery of this scope is under way', {
      wanted: 'one at a time',
      found: `one that was started ${toIso(recovery.since)}`,
      next: 'capstan recovery show',
    })
  }
  const again = recovery?.cancelled?.again
  if (again === undefined || at >= again) return ok()
  return refuse('namespace.timelock', 'voters stopped a recovery of this scope', {
    wanted: `a time from ${toIso(again)}`,
    found: toIso(at),
    next: 'ask them why: capstan recovery show',
  })
}

/** Do voters who are there after all stop it? As many as a brake takes; one where there is none. */
export function cancellingOf(
  state: IndexState,
  envelopes: readonly Opened[],
  at: UnixSeconds,
): Step {
  const [first] = envelopes
  const statement = first && readCancellation(first)
  if (!statement || !areOfAll(statement.voters, envelopes)) return malformed('a cancellation')
  const found = scopeOf(state, statement, at)
  if (!found.ok) return found
  const scope = found.value
  const { recovery, group } = scope
  const isMeant = recovery?.statement === statement.recovery && statement.from === group.rev
  if (!recovery || !isMeant || !isOpen(recovery, at)) {
    return refuse('namespace.closed', 'there is no such recovery under way', {
      wanted: recovery ? `${recovery.statement}, before it is over` : 'a recovery of this scope',
      found: statement.recovery,
      next: 'capstan recovery show',
    })
  }
  const signed = isSignedByVoters(scope, statement, { envelopes, at })
  if (!signed.ok) return signed
  const cancelled = { at, again: plus(at, toDecide(state, scope)) }
  const put = { ...scope, rev: scope.rev + 1, recovery: { ...recovery, cancelled } }
  const { digest } = first
  return ok({ kind: 'recovery-cancel', digest, before: scope, put, changeClass: 'emergency' })
}

/** Does its time come, and has nobody stopped it? What was signed when it began is beside it again. */
export function finishingOf(
  state: IndexState,
  envelopes: readonly Opened[],
  at: UnixSeconds,
): Step {
  const [first] = envelopes
  const statement = first && readRecovery(first)
  if (!statement || !areOfAll(statement.holders, envelopes)) return malformed('a recovery')
  const found = governed(state, statement)
  if (!found.ok) return found
  const scope = found.value
  const { recovery } = scope
  if (recovery?.statement !== first.digest) {
    return refuse(
      'namespace.closed',
      'the recovery was not started, or another group came before',
      {
        wanted: recovery?.statement ?? 'a recovery of this scope',
        found: first.digest,
      },
    )
  }
  const standing = recoveryStanding(recovery, at)
  if (standing === 'waiting') {
    return refuse('namespace.timelock', 'the recovery waits for its time', {
      wanted: toIso(recovery.due),
      found: toIso(at),
    })
  }
  if (standing !== 'due') {
    return refuse('namespace.closed', `the recovery is ${standing}`, {
      wanted: `one that nobody stopped, by ${toIso(finishBefore(recovery))}`,
      next: 'capstan recovery show',
    })
  }
  const signed = isSignedByHolders(scope, statement, { envelopes, at: recovery.since })
  if (!signed.ok) return signed
  const group = recovered(scope, statement)
  const mark: RecoveryMark = { ...recovery, finished: at }
  const put = { ...scope, group, rev: scope.rev + 1, recovery: mark }
  const { digest } = first
  return ok({ kind: 'recovery-finish', digest, before: scope, put, changeClass: 'structural' })
}

/** The scope that a statement is about, where it is of this index and of this time. */
function scopeOf(
  state: IndexState,
  statement: RecoveryStatement | CancellationStatement,
  at: UnixSeconds,
): Result<Governed> {
  if (statement.index !== state.index) {
    return refuse('namespace.wrong-index', 'the recovery is of another index', {
      wanted: state.index,
      found: JSON.stringify(statement.index),
    })
  }
  if (!isOfThisTime(statement, at, LONGEST_SIGNING)) {
    return refuse('namespace.expired', 'what was signed is not of this time', {
      wanted: `a time from created to expires, at most ${LONGEST_SIGNING} s apart`,
      found: toIso(at),
      next: 'sign it again',
    })
  }
  return governed(state, statement)
}

function governed(
  state: IndexState,
  { subject }: Pick<RecoveryStatement, 'subject'>,
): Result<Governed> {
  const scope = state.scopes.get(subject.uid)
  if (scope?.alias !== subject.alias || scope.state === 'retired') {
    return gone('scope', subject.alias)
  }
  const { group } = scope
  if (group) return ok({ ...scope, group })
  return refuse('namespace.not-responsible', 'those above decide about this scope', {
    wanted: 'a scope with voters of its own',
    found: subject.alias,
  })
}

interface Signed {
  readonly envelopes: readonly Opened[]
  /** When it was handed in. */
  readonly at: UnixSeconds
}

function isSignedByHolders(
  scope: Governed,
  { holders, created }: RecoveryStatement,
  { envelopes, at }: Signed,
): Result<undefined> {
  const set = recoverable(scope)
  if (!set.ok) return set
  for (const id of holders) {
    const holder = set.value.holders.find((one) => one.id === id)
    if (!holder) {
      return refuse('namespace.no-vote', 'whoever signed this is not of the recovery set', {
        wanted: set.value.holders.map((one) => one.id).join(', '),
        found: id,
      })
    }
    // No two of them have one key: each has an envelope of their own.
    if (!envelopes.some((envelope) => signs(holder, envelope, created, at))) {
      return notSigned('the recovery')
    }
  }
  return holders.length >= set.value.threshold
    ? ok()
    : refuse('namespace.no-quorum', 'a recovery needs more of the set behind it', {
        wanted: `${set.value.threshold} of ${set.value.holders.length}`,
        found: holders.join(', '),
        next: 'have others sign the same statement: capstan recovery sign',
      })
}

function isSignedByVoters(
  { group }: Governed,
  { voters, created }: CancellationStatement,
  { envelopes, at }: Signed,
): Result<undefined> {
  for (const id of voters) {
    // A braked voter may say no.
    const voter = group.voters.find((one) => one.id === id && one.status === 'active')
    if (!voter) {
      return refuse('namespace.no-vote', 'whoever signed this has no say here', {
        wanted: 'an active voter of the group that is to be replaced',
        found: id,
      })
    }
    if (!envelopes.some((envelope) => signs(voter, envelope, created, at))) {
      return notSigned('the cancellation')
    }
  }
  // No guard keeps anybody from it: it takes nothing but what the set alone would give.
  if (!brakeOf(group) || passes(group, new Set(voters), 'emergency')) return ok()
  return refuse('namespace.no-quorum', 'it takes more of the group to stop a recovery', {
    wanted: `weight ${group.threshold.emergency}, of ${group.minControllers.emergency} people`,
    found: voters.join(', '),
    next: 'have others sign the same statement: capstan recovery cancel --with',
  })
}

/** As long as voters of the scope, or of one above, may need to take the set away. */
function toDecide(state: IndexState, { alias, group }: Governed): Seconds {
  const groups = [group, ...scopePath(state, alias).map((scope) => scope.group)]
  const waits = groups.map((one) => one?.timelock?.structural ?? 0)
  return seconds(TO_DECIDE + Math.max(...waits))
}

const steps: Partial<Record<LogRecord['kind'], typeof startingOf>> = {
  'recovery-start': startingOf,
  'recovery-cancel': cancellingOf,
  'recovery-finish': finishingOf,
} satisfies Record<RecoveryKind, typeof startingOf>

/** From the octets and the state before alone. */
export function verifyRecovery(
  state: IndexState,
  record: LogRecord,
  envelopes: readonly Opened[],
): Result<Outcome> {
  const step = steps[record.kind]?.(state, envelopes, record.ts)
  if (!step) return broken(record.seq, 'it is no step of a recovery')
  if (!step.ok) return step
  if (!isSame(record, recoveryRecord(state, step.value, record.ts))) {
    return broken(record.seq, 'it is not what its statement comes to')
  }
  return ok({ kind: 'commit', effect: { put: step.value.put, quarantine: [] } })
}

export const recoveryRecord = (
  state: IndexState,
  { kind, digest, before, put, changeClass }: RecoveryStep,
  at: UnixSeconds,
): LogRecord =>
  commitRecord(state, {
    kind,
    at,
    before,
    put,
    changeClass,
    group: { uid: before.uid, rev: before.group.rev },
    prop: digest,
    votes: [],
  })
