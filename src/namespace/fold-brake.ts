import { ok, refuse, type Result } from '../core/result.js'
import { plus, toIso, type UnixSeconds } from '../core/time.js'
import { BRAKE_SIGNED_WITHIN, type BrakeMark } from './brake-mark.js'
import { brakesThisWeek } from './brakes-used.js'
import { responsibleFor, subjectOf } from './decide.js'
import type { Opened } from './dsse.js'
import { brakeEffect } from './effect/brake.js'
import { type Brake, brakeOf, type Group, mayAct, passes } from './group.js'
import { reachesGuards } from './guard/quorum-floor.js'
import { commitRecord, type LogRecord } from './log-record.js'
import type { Outcome } from './outcome.js'
import { broken, isSame } from './record-refusals.js'
import { malformed, notSigned, signs } from './said.js'
import { areOfAll, isOfThisTime } from './signed-together.js'
import type { Effect, GovernedObject, IndexState } from './state.js'
import { type BrakeStatement, readBrake } from './statements.js'

/** A brake that may be used now. */
export interface Braking {
  readonly statement: BrakeStatement
  readonly digest: string
  readonly before: GovernedObject
  readonly put: Effect['put']
  readonly mark: BrakeMark
}

/**
 * Do those sign it whose weight reaches what the brake takes, is it about the subject as it is, and is
 * there a brake left this week? From the octets and the state before alone.
 */
export function brakingOf(
  state: IndexState,
  envelopes: readonly Opened[],
  at: UnixSeconds,
): Result<Braking> {
  const [first] = envelopes
  const statement = first && readBrake(first)
  if (!statement || !areOfAll(statement.voters, envelopes)) return malformed('a brake')
  if (statement.index !== state.index) {
    return refuse('namespace.wrong-index', 'the brake is for another index', {
      wanted: state.index,
      found: JSON.stringify(statement.index),
    })
  }
  if (!isOfThisTime(statement, at, BRAKE_SIGNED_WITHIN)) {
    return refuse('namespace.expired', 'the brake is not of this time', {
      wanted: `a time from created to expires, at most ${BRAKE_SIGNED_WITHIN} s apart`,
      found: toIso(at),
      next: 'sign it again',
    })
  }
  const before = subjectOf(state, statement)
  const { subject, base } = statement
  const isBase = base.rev === before?.rev && base.head === before.head
  if (!before || !isBase || before.alias !== subject.alias) {
    return refuse('namespace.stale-base', 'the subject changed since the brake was signed', {
      reason: 'stale_base',
      wanted: before ? `revision ${before.rev}` : 'a subject that exists',
      found: `revision ${base.rev}`,
      next: 'look at it again, and sign again',
    })
  }
  const group = brakingGroup(state, statement)
  if (!group.ok) return group
  const allowed = mayBrake(state, statement, { group: group.value, envelopes, at })
  if (!allowed.ok) return allowed
  const mark = { until: plus(at, statement.ttl) }
  const put = brakeEffect(state, before, statement, { mark, at })
  if (!put.ok) return put
  return ok({ statement, digest: first.digest, before, put: put.value, mark })
}

/** About a voter, the group that they are in; about anything else, those who decide about it. */
function brakingGroup(
  state: IndexState,
  { subject, voter, scope }: BrakeStatement,
): Result<Group & { readonly brake: Brake }> {
  const op = voter === undefined ? 'entry.suspend' : 'voter.reinstate'
  const responsible = responsibleFor(state, { op, subject })
  const isOwn = voter === undefined || responsible.uid === subject.uid
  const { group } = responsible
  if (!isOwn || responsible.uid !== scope.uid || group.rev !== scope.rev) {
    return refuse('namespace.not-responsible', 'another group may brake this', {
      wanted: `${responsible.uid}, revision ${group.rev} of its group`,
    })
  }
  const brake = brakeOf(group)
  if (brake) return ok({ ...group, brake })
  return refuse('namespace.no-brake', 'the group has agreed on no brake', {
    wanted: 'a group with brake: {ttl, perWeek}',
    next: 'capstan group set -f group.yaml',
  })
}

interface Signed {
  readonly group: Group & { readonly brake: Brake }
  readonly envelopes: readonly Opened[]
  readonly at: UnixSeconds
}

function mayBrake(
  state: IndexState,
  { subject, scope, voters, ttl, created }: BrakeStatement,
  { group, envelopes, at }: Signed,
): Result<undefined> {
  for (const id of voters) {
    const voter = group.voters.find((one) => one.id === id)
    if (!voter || !mayAct(voter, at)) {
      return refuse('namespace.no-vote', 'whoever signed this may not brake here', {
        wanted: 'an active voter of the group, on whom no brake is',
        found: id,
      })
    }
    // No two voters have one key: each has an envelope of their own.
    if (!envelopes.some((envelope) => signs(voter, envelope, created, at))) {
      return notSigned('the brake')
    }
  }
  const by = new Set(voters)
  if (!passes(group, by, 'emergency')) {
    return refuse('namespace.no-quorum', 'a brake needs more of the group behind it', {
      wanted: `weight ${group.threshold.emergency}, of ${group.minControllers.emergency} people`,
      found: voters.join(', '),
      next: 'have others sign the same statement: capstan brake --with',
    })
  }
  const aliases = [subject.alias]
  const guarded = reachesGuards(state, { aliases, changeClass: 'emergency' }, group, by)
  if (!guarded.ok) return guarded
  if (ttl > group.brake.ttl) {
    return refuse('namespace.malformed', 'the brake lasts longer than its group allows', {
      wanted: `at most ${group.brake.ttl} s`,
      found: `${ttl} s`,
    })
  }
  // Of each by themselves: a stolen key uses up its own, and leaves the others theirs.
  const { perWeek } = group.brake
  const used = (voter: string) => brakesThisWeek(state, { scope: scope.uid, voter }, at)
  const spent = voters.filter((voter) => used(voter) >= perWeek)
  if (spent.length === 0) return ok()
  return refuse('namespace.too-many', 'whoever signed this has used the brake too often', {
    wanted: `at most ${perWeek} times in seven days by each voter`,
    found: spent.join(', '),
    next: 'suspend it by vote: that lasts until it is taken back',
  })
}

export function verifyBrake(
  state: IndexState,
  record: LogRecord,
  envelopes: readonly Opened[],
): Result<Outcome> {
  const found = brakingOf(state, envelopes, record.ts)
  if (!found.ok) return found
  const { put, statement } = found.value
  const brakedBy = { scope: statement.scope.uid, voters: statement.voters }
  if (!isSame(record, brakeRecord(state, found.value, record.ts))) {
    return broken(record.seq, 'it is not what its statement comes to')
  }
  return ok({ kind: 'commit', effect: { put, quarantine: [] }, brakedBy })
}

export const brakeRecord = (
  state: IndexState,
  { statement, digest, before, put }: Braking,
  at: UnixSeconds,
): LogRecord =>
  commitRecord(state, {
    kind: 'brake',
    at,
    before,
    put,
    changeClass: 'emergency',
    group: statement.scope,
    prop: digest,
    votes: [],
  })
