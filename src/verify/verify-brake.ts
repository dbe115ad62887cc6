import { ok, refuse, type Result } from '../core/result.js'
import { plus } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import { BRAKE_SIGNED_WITHIN, type Brakeable } from '../namespace/brake-mark.js'
import type { Opened } from '../namespace/dsse.js'
import { brakeOf, mayAct, passes } from '../namespace/group.js'
import { underGuards } from '../namespace/guard/quorum-floor.js'
import { signs } from '../namespace/said.js'
import { isOfThisTime } from '../namespace/signed-together.js'
import { type BrakeStatement, readBrake } from '../namespace/statements.js'
import type { ShownCommit } from './bundle.js'
import { isResponsible } from './count-then.js'
import { notProved } from './proved.js'
import { scopesView } from './scopes-above.js'
import {
  type CommitContext,
  type CommitRefusal,
  factsOf,
  type Recount,
  type VerifiedCommit,
} from './verified-commit.js'
import { withoutSuspensions } from './verify-decision.js'

/**
 * A brake: one statement about this very change, signed by those it names; and where their group is as
 * it was, by enough of them.
 */
export function verifyBrakeCommit(
  context: CommitContext,
  { record }: ShownCommit,
  envelopes: readonly Opened[],
): Result<VerifiedCommit, CommitRefusal> {
  const [first] = envelopes
  const statement = first && readBrake(first)
  const isThisOne =
    statement !== undefined &&
    first?.digest === record.prop &&
    envelopes.every(({ digest }) => digest === record.prop) &&
    envelopes.length === statement.voters.length &&
    new Set(statement.voters).size === statement.voters.length &&
    record.votes.length === 0 &&
    record.class === 'emergency' &&
    isOfThisTime(statement, record.ts, BRAKE_SIGNED_WITHIN) &&
    statement.index === context.index &&
    statement.subject.uid === record.subject.uid &&
    statement.base.head === record.prev &&
    statement.base.rev + 1 === record.rev &&
    statement.scope.uid === record.group.uid &&
    statement.scope.rev === record.group.rev
  if (!isThisOne) return notProved(`the brake of record ${record.seq}`)
  // About a voter, the group that they are in; about anything else, those who decide about it.
  const op = statement.voter === undefined ? 'entry.suspend' : 'voter.reinstate'
  const { subject } = record
  if (context.then && !isResponsible(context.then.state, record, { op, subject })) {
    return notProved(`that the group of record ${record.seq} was there to brake`)
  }
  const recount = recounted(context, record, statement, envelopes)
  if (!recount.ok) return recount
  const { reason, ticket, voters } = statement
  return ok({
    ...factsOf(record),
    op: 'brake',
    ...(voters[0] !== undefined && { by: voters[0] }),
    ...(reason !== undefined && { reason }),
    ...(ticket !== undefined && { ticket }),
    voters: recount.value.counted === 'again' ? voters : [],
    recount: recount.value,
    brake: { ...targetOf(statement), until: plus(record.ts, statement.ttl) },
  })
}

const targetOf = ({ rule, voter }: BrakeStatement) => ({
  ...(rule !== undefined && { rule }),
  ...(voter !== undefined && { voter }),
})

function recounted(
  { scopes, then }: CommitContext,
  record: ShownCommit['record'],
  { voters, created, subject, ttl }: BrakeStatement,
  envelopes: readonly Opened[],
): Result<Recount, CommitRefusal> {
  const decider = scopes.find(({ scope }) => scope.uid === record.group.uid)
  if (!decider) return ok({ counted: 'before', because: 'group-elsewhere' })
  const { group } = decider.scope
  if (group?.rev !== record.group.rev) return ok({ counted: 'before', because: 'group-changed' })
  const agreed = brakeOf(group)
  if (!agreed || ttl > agreed.ttl)
    return notProved(`the length of the brake of record ${record.seq}`)
  // Also the record itself may have put a brake on one of them.
  const electorate = decider.seq >= record.seq ? withoutSuspensions(group) : group
  for (const id of voters) {
    const voter = electorate.voters.find((one) => one.id === id)
    if (!voter || !envelopes.some((envelope) => signs(voter, envelope, created, record.ts))) {
      return notProved(`that ${id} signed the brake of record ${record.seq}`)
    }
  }
  const asThen = scopes.map(({ scope, seq }) =>
    seq > record.seq ? { ...scope, guards: [] } : scope,
  )
  const under = underGuards(then?.state ?? scopesView(asThen), [subject.alias], electorate)
  const [threshold, minControllers] = [under.threshold.emergency, under.minControllers.emergency]
  // A braked voter's signature is one, and puts no weight behind anything.
  const behind = electorate.voters.filter(
    (voter) => voters.includes(voter.id) && mayAct(voter, record.ts),
  )
  const weight = behind.reduce((sum, voter) => sum + voter.weight, 0)
  const controllers = new Set(behind.map(({ controller }) => controller)).size
  if (passes(under, new Set(behind.map(({ id }) => id)), 'emergency')) {
    return ok({ counted: 'again', weight, threshold, controllers, minControllers })
  }
  return refuse(
    'bundle.no-quorum',
    `those who signed the brake of record ${record.seq} are too few`,
    {
      wanted: `${threshold} and ${minControllers} controllers`,
      found: `${weight} and ${controllers}`,
    },
  )
}

/** An object of a bundle: with what may have a brake on it. */
interface Braked extends Brakeable {
  readonly uid: Uid
  readonly rev: number
  readonly rules?: readonly (Brakeable & { readonly id: string })[]
  readonly group?: { readonly voters: readonly (Brakeable & { readonly id: string })[] } | null
}

/** Where a brake was the last thing that happened to it: is it on it, as long as was signed? */
export function isAsBraked(state: Braked, commits: readonly VerifiedCommit[]): boolean {
  const last = commits.find(({ subject, rev }) => subject.uid === state.uid && rev === state.rev)
  if (!last?.brake) return true
  const { rule, voter, until } = last.brake
  const among = rule === undefined ? state.group?.voters : state.rules
  const id = rule ?? voter
  const on: Brakeable | undefined = id === undefined ? state : among?.find((one) => one.id === id)
  return on?.brake?.until === until
}
