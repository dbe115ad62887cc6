import { isUnder } from '../../core/alias.js'
import { ok, refuse, type Result } from '../../core/result.js'
import { days, minus, plus, toIso, type UnixSeconds } from '../../core/time.js'
import { responsibleFor } from '../decide.js'
import type { Opened } from '../dsse.js'
import { gone } from '../effect/decision.js'
import { emergencyEffect } from '../effect/emergency.js'
import type { Entry } from '../entry.js'
import { type Group, mayAct } from '../group.js'
import {
  commitRecord,
  type DeliberationRecord,
  deliberationRecord,
  type LogRecord,
} from '../log-record.js'
import type { Outcome } from '../outcome.js'
import { broken, isSame } from '../record-refusals.js'
import { malformed, notSigned, signs } from '../said.js'
import { areOfAll, isOfThisTime } from '../signed-together.js'
import type { IndexState } from '../state.js'
import { type EmergencyGrant, LONGEST_SIGNING } from './emergency.js'
import { type InvocationStatement, readInvocation } from './emergency-statements.js'
import { drilledAt, grantStanding, type Used, usesOf } from './uses.js'

/** A grant is drilled once a day at most: a drill is a record too. */
const BETWEEN_DRILLS = days(1)

/** A grant that may be used now, and what that does. */
export interface Invoking {
  readonly statement: InvocationStatement
  readonly digest: string
  readonly before: Entry
  readonly put: Entry
  readonly used: Used
}

/**
 * Do those sign it whom the grant names, about what it is for, while it may be used? From the octets
 * and the state before alone; and the same of a drill, which does nothing.
 */
export function invokingOf(
  state: IndexState,
  envelopes: readonly Opened[],
  at: UnixSeconds,
): Result<Invoking> {
  const [first] = envelopes
  const statement = first && readInvocation(first)
  if (!statement || !areOfAll(statement.by, envelopes)) return malformed('the use of a grant')
  if (statement.index !== state.index) {
    return refuse('namespace.wrong-index', 'the use of a grant is of another index', {
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
  const entry = subjectOf(state, statement)
  if (!entry.ok) return entry
  const granted = grantOf(state, statement)
  if (!granted.ok) return granted
  const { group, grant } = granted.value
  const isFor = isForIt(grant, statement)
  if (!isFor.ok) return isFor
  const signed = isSigned(group, grant, statement, { envelopes, at })
  if (!signed.ok) return signed
  const free = mayBeUsed(state, grant, statement, at)
  if (!free.ok) return free
  const until = plus(at, statement.ttl)
  const mark = { grant: grant.name, until }
  // Whether it can be reactivated shows when it is suspended; the rest is checked.
  const isBare = statement.drill && statement.act === 'reactivate'
  const put = isBare
    ? ok(entry.value)
    : emergencyEffect(state, entry.value, statement, { mark, at })
  if (!put.ok) return put
  const used = { scope: statement.scope.uid, grant, until }
  return ok({ statement, digest: first.digest, before: entry.value, put: put.value, used })
}

function subjectOf(state: IndexState, { subject, base }: InvocationStatement): Result<Entry> {
  const entry = state.entries.get(subject.uid)
  if (!entry) return gone('entry', subject.alias)
  const isBase = base.rev === entry.rev && base.head === entry.head
  if (isBase && entry.alias === subject.alias) return ok(entry)
  return refuse('namespace.stale-base', 'the entry changed since this was signed', {
    reason: 'stale_base',
    wanted: `revision ${entry.rev}`,
    found: `revision ${base.rev}`,
    next: 'look at it again, and sign again',
  })
}

/** Of those who decide about the entry: no grant reaches into what others decide about. */
function grantOf(
  state: IndexState,
  { subject, scope, grant: name }: InvocationStatement,
): Result<{ readonly group: Group; readonly grant: EmergencyGrant }> {
  const { uid, group } = responsibleFor(state, { op: 'entry.reactivate', subject })
  if (uid !== scope.uid || group.rev !== scope.rev) {
    return refuse('namespace.not-responsible', 'another group decides about this entry', {
      reason: 'stale_group',
      wanted: `${uid}, revision ${group.rev} of its group`,
    })
  }
  const grant = group.emergency?.grants.find((one) => one.name === name)
  if (grant) return ok({ group, grant })
  return refuse('namespace.no-grant', 'the group has voted about no such grant', {
    wanted: group.emergency?.grants.map((one) => one.name).join(', ') ?? 'emergency: {grants}',
    found: name,
    next: 'capstan emergency list',
  })
}

function isForIt(
  { name, acts, under, longest }: EmergencyGrant,
  { act, subject, ttl, call }: InvocationStatement,
): Result<undefined> {
  const outside = (wanted: string, found: string) =>
    refuse('namespace.no-grant', `the grant ${name} is not for this`, {
      wanted,
      found,
      next: 'capstan emergency list',
    })
  if (!acts.includes(act)) return outside(acts.join(', '), act)
  if (!isUnder(subject.alias, under)) return outside(`what is under ${under || '/'}`, subject.alias)
  if (ttl > longest) return outside(`at most ${longest} s`, `${ttl} s`)
  return (act === 'allow') === (call !== undefined)
    ? ok()
    : malformed('the use of a grant: a call is what is allowed, and nothing else')
}

interface Signed {
  readonly envelopes: readonly Opened[]
  readonly at: UnixSeconds
}

function isSigned(
  group: Group,
  { who, threshold }: EmergencyGrant,
  { by, created }: InvocationStatement,
  { envelopes, at }: Signed,
): Result<undefined> {
  const people = new Set<string>()
  for (const id of by) {
    const voter = group.voters.find((one) => one.id === id && mayAct(one, at))
    const one = voter ?? group.emergency?.holders?.find((holder) => holder.id === id)
    if (!one || !who.includes(id)) {
      return refuse('namespace.no-vote', 'whoever signed this may not use the grant', {
        wanted: `${who.join(', ')}; of voters, those who are active and on whom no brake is`,
        found: id,
      })
    }
    // No two of them have one key: each has an envelope of their own.
    if (!envelopes.some((envelope) => signs(one, envelope, created, at))) {
      return notSigned('the use of the grant')
    }
    people.add(one.controller)
  }
  return people.size >= threshold
    ? ok()
    : refuse('namespace.no-quorum', 'the grant needs more people behind it', {
        wanted: `${threshold} of ${who.join(', ')}`,
        found: by.join(', '),
        next: 'have others sign the same statement: capstan emergency invoke --with',
      })
}

function mayBeUsed(
  state: IndexState,
  grant: EmergencyGrant,
  { scope, drill }: InvocationStatement,
  at: UnixSeconds,
): Result<undefined> {
  const uses = usesOf(state, { scope: scope.uid, grant })
  const standing = grantStanding(grant, uses, at)
  if (standing !== 'ready') {
    return refuse('namespace.grant-spent', `the grant ${grant.name} is ${standing}`, {
      wanted: 'one that is ready',
      found: standing,
      next: 'capstan emergency list',
    })
  }
  const last = drilledAt(state, { scope: scope.uid, grant })
  if (!drill || last === undefined || last <= minus(at, BETWEEN_DRILLS)) return ok()
  return refuse('namespace.too-many', 'the grant was drilled today', {
    wanted: `a time from ${toIso(plus(last, BETWEEN_DRILLS))}`,
    found: toIso(at),
  })
}

export function verifyInvocation(
  state: IndexState,
  record: LogRecord,
  envelopes: readonly Opened[],
): Result<Outcome> {
  const found = invokingOf(state, envelopes, record.ts)
  if (!found.ok) return found
  const { put, used, statement } = found.value
  const isIt = !statement.drill && isSame(record, invocationRecord(state, found.value, record.ts))
  if (!isIt) return broken(record.seq, 'it is not what its statement comes to')
  return ok({ kind: 'commit', effect: { put, quarantine: [] }, used })
}

export const invocationRecord = (
  state: IndexState,
  { statement, digest, before, put }: Invoking,
  at: UnixSeconds,
): LogRecord =>
  commitRecord(state, {
    kind: 'emergency',
    at,
    before,
    put,
    changeClass: 'emergency',
    group: statement.scope,
    prop: digest,
    votes: [],
  })

/** A drill is a record that changes no object. */
export function verifyDrill(
  state: IndexState,
  record: DeliberationRecord,
  envelopes: readonly Opened[],
): Result<Outcome> {
  const found = invokingOf(state, envelopes, record.ts)
  if (!found.ok) return found
  const { statement, used } = found.value
  const isIt = statement.drill && isSame(record, drillRecord(state, found.value, record.ts))
  if (!isIt) return broken(record.seq, 'it is not what its statement comes to')
  return ok({ kind: 'drill', drilled: { scope: used.scope, grant: used.grant } })
}

export const drillRecord = (
  state: IndexState,
  { statement: { subject }, digest }: Invoking,
  at: UnixSeconds,
): DeliberationRecord =>
  deliberationRecord(state, { kind: 'drill', at, subject, prop: digest, says: digest })
