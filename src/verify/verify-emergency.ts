import { isUnder } from '../core/alias.js'
import { canonicalize } from '../core/canonical-json.js'
import { ok, refuse, type Result } from '../core/result.js'
import { plus } from '../core/time.js'
import type { Opened } from '../namespace/dsse.js'
import { type EmergencyGrant, LONGEST_SIGNING } from '../namespace/emergency/emergency.js'
import {
  type InvocationStatement,
  readInvocation,
} from '../namespace/emergency/emergency-statements.js'
import type { Entry } from '../namespace/entry.js'
import { type Group, mayAct } from '../namespace/group.js'
import { normalizeRule, type Rule } from '../namespace/rule/rule.js'
import { signs } from '../namespace/said.js'
import { isOfThisTime } from '../namespace/signed-together.js'
import type { ShownCommit } from './bundle.js'
import { isResponsible } from './count-then.js'
import { notProved } from './proved.js'
import {
  type CommitContext,
  type CommitRefusal,
  factsOf,
  type Recount,
  type VerifiedCommit,
} from './verified-commit.js'
import { withoutSuspensions } from './verify-decision.js'

/**
 * The use of a grant: one statement about this very change, signed by those it names; and where their
 * group is as it was, by as many as the grant takes, for what it is for.
 */
export function verifyEmergencyCommit(
  context: CommitContext,
  { record }: ShownCommit,
  envelopes: readonly Opened[],
): Result<VerifiedCommit, CommitRefusal> {
  const [first] = envelopes
  const statement = first && readInvocation(first)
  const isThisOne =
    statement !== undefined &&
    envelopes.every(({ digest }) => digest === record.prop) &&
    envelopes.length === statement.by.length &&
    new Set(statement.by).size === statement.by.length &&
    record.votes.length === 0 &&
    record.class === 'emergency' &&
    statement.drill === undefined &&
    isOfThisTime(statement, record.ts, LONGEST_SIGNING) &&
    statement.index === context.index &&
    statement.subject.uid === record.subject.uid &&
    statement.subject.alias === record.subject.alias &&
    statement.base.head === record.prev &&
    statement.base.rev + 1 === record.rev &&
    statement.scope.uid === record.group.uid &&
    statement.scope.rev === record.group.rev
  if (!isThisOne) return notProved(`the use of a grant in record ${record.seq}`)
  const about = { op: 'entry.reactivate', subject: record.subject } as const
  if (context.then && !isResponsible(context.then.state, record, about)) {
    return notProved(`that the grant of record ${record.seq} was there to be used`)
  }
  const recount = recounted(context, record, statement, envelopes)
  if (!recount.ok) return recount
  const { by, reason, ticket, grant, act, call, ttl } = statement
  return ok({
    ...factsOf(record),
    op: 'emergency.invoke',
    ...(by[0] !== undefined && { by: by[0] }),
    reason,
    ...(ticket !== undefined && { ticket }),
    voters: recount.value.counted === 'again' ? by : [],
    recount: recount.value,
    emergency: { grant, until: plus(record.ts, ttl), act, ...(call && { call }) },
  })
}

function recounted(
  { scopes }: CommitContext,
  record: ShownCommit['record'],
  statement: InvocationStatement,
  envelopes: readonly Opened[],
): Result<Recount, CommitRefusal> {
  const decider = scopes.find(({ scope }) => scope.uid === record.group.uid)
  if (!decider) return ok({ counted: 'before', because: 'group-elsewhere' })
  const { group } = decider.scope
  if (group?.rev !== record.group.rev) return ok({ counted: 'before', because: 'group-changed' })
  const grant = group.emergency?.grants.find(({ name }) => name === statement.grant)
  if (!grant || !isForIt(grant, statement)) {
    return notProved(`that the grant of record ${record.seq} is for this`)
  }
  // Since then a voter may have been suspended or braked, whose signature was good.
  const electorate = decider.seq > record.seq ? withoutSuspensions(group) : group
  const people = new Set<string>()
  for (const id of statement.by) {
    const one = namedIn(electorate, grant, id)
    if (!one || !envelopes.some((each) => signs(one, each, statement.created, record.ts))) {
      return notProved(`that ${id} signed the use of a grant in record ${record.seq}`)
    }
    const voter = electorate.voters.find((each) => each.id === id)
    if (!voter || mayAct(voter, record.ts)) people.add(one.controller)
  }
  const { threshold } = grant
  const [weight, controllers] = [people.size, people.size]
  if (weight >= threshold) {
    return ok({ counted: 'again', weight, threshold, controllers, minControllers: threshold })
  }
  return refuse(
    'bundle.no-quorum',
    `those who used the grant of record ${record.seq} are too few`,
    {
      wanted: String(threshold),
      found: String(weight),
    },
  )
}

const isForIt = (
  { acts, under, longest }: EmergencyGrant,
  { act, subject, ttl, call }: InvocationStatement,
): boolean =>
  acts.includes(act) &&
  isUnder(subject.alias, under) &&
  ttl <= longest &&
  (act === 'allow') === (call !== undefined)

const namedIn = ({ voters, emergency }: Group, { who }: EmergencyGrant, id: string) =>
  who.includes(id)
    ? (voters.find((one) => one.id === id) ?? emergency?.holders?.find((one) => one.id === id))
    : undefined

type ShownUse = Pick<VerifiedCommit, 'rev'> & Required<Pick<VerifiedCommit, 'emergency'>>

/**
 * What a grant gave is on the entry, as long as was signed, where that is still what made it so; and
 * whatever says that a grant gave it has its use shown. No grant lets go what a brake held.
 */
export function isAsGranted(
  entry: Omit<Entry, 'head'>,
  commits: readonly VerifiedCommit[],
): boolean {
  const uses = commits.flatMap(({ subject, rev, emergency }): readonly ShownUse[] =>
    emergency && subject.uid === entry.uid ? [{ rev, emergency }] : [],
  )
  const isShown =
    (entry.emergency === undefined || entry.held === undefined) &&
    (entry.emergency === undefined || uses.some((use) => isReactivatedBy(entry, use))) &&
    entry.rules.every((rule) => !rule.emergency || uses.some((use) => isMadeBy(rule, use)))
  return isShown && uses.every((use) => isStillThere(entry, use))
}

function isStillThere(entry: Omit<Entry, 'head'>, use: ShownUse): boolean {
  if (use.emergency.act === 'reactivate') {
    return use.rev < entry.rev || isReactivatedBy(entry, use)
  }
  // It is possible only once that is over, and takes it off.
  if (use.rev === entry.rev && entry.heldUntil !== undefined) return false
  const made = entry.rules.find((rule) => rule.rev === use.rev)
  return made ? isMadeBy(made, use) : use.rev < entry.rev
}

const isReactivatedBy = (
  { emergency: mark }: Pick<Entry, 'emergency'>,
  { emergency: { act, grant, until } }: ShownUse,
): boolean => act === 'reactivate' && mark?.grant === grant && mark.until === until

function isMadeBy(made: Rule, { rev, emergency: { act, call, grant, until } }: ShownUse): boolean {
  if (act !== 'allow' || !call) return false
  const { caller, ...terms } = call
  const { id } = made
  const rule = normalizeRule({ ...terms, id, effect: 'allow', callers: [caller], until })
  const { brake: _brake, ...found } = made
  return canonicalize(found) === canonicalize({ ...rule, rev, emergency: { grant, until } })
}
