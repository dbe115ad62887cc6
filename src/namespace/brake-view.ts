import type { Alias } from '../core/alias.js'
import { minus, plus, type UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { Brakeable } from './brake-mark.js'
import { BRAKE_WEEK, brakesUsed } from './brakes-used.js'
import { open } from './dsse.js'
import { readRecord } from './log-record.js'
import type { IndexLog, StoredRecord } from './ports.js'
import type { IndexState } from './state.js'
import { type BrakeStatement, readBrake } from './statements.js'

/**
 * What became of a brake. `ended` before its time: lifted, or taken over by what is not over by itself
 * (a suspension, another group).
 */
export type BrakeStanding = 'in-effect' | 'over' | 'ended'

/** A brake as people and programs look at it. */
export interface BrakeView {
  /** Number of its record. */
  readonly seq: number
  readonly at: UnixSeconds
  readonly until: UnixSeconds
  readonly standing: BrakeStanding
  readonly subject: { readonly alias: Alias; readonly uid: Uid; readonly kind: 'entry' | 'scope' }
  readonly rule?: string
  readonly voter?: string
  /** Alias of the scope whose voters used it. */
  readonly scope: Alias
  readonly by: readonly string[]
  readonly reason?: string
  readonly ticket?: string
}

export function viewOf(
  state: IndexState,
  statement: BrakeStatement,
  { seq, at, now }: { readonly seq: number; readonly at: UnixSeconds; readonly now: UnixSeconds },
): BrakeView {
  const { subject, rule, voter, scope, voters, ttl, reason, ticket } = statement
  const until = plus(at, ttl)
  const isOn = brakedObject(state, statement)?.brake?.until === until
  const found = state.entries.get(subject.uid) ?? state.scopes.get(subject.uid)
  return {
    seq,
    at,
    until,
    standing: now >= until ? 'over' : isOn ? 'in-effect' : 'ended',
    subject: {
      alias: found?.alias ?? subject.alias,
      uid: subject.uid,
      kind: subject.uid.startsWith('s') ? 'scope' : 'entry',
    },
    ...(rule !== undefined && { rule }),
    ...(voter !== undefined && { voter }),
    scope: state.scopes.get(scope.uid)?.alias ?? subject.alias,
    by: voters,
    ...(reason !== undefined && { reason }),
    ...(ticket !== undefined && { ticket }),
  }
}

/** What the brake is on, as it is now. */
function brakedObject(
  state: IndexState,
  { subject: { uid }, rule, voter }: BrakeStatement,
): Brakeable | undefined {
  const [entry, scope] = [state.entries.get(uid), state.scopes.get(uid)]
  if (rule !== undefined) return entry?.rules.find(({ id }) => id === rule)
  if (voter !== undefined) return scope?.group?.voters.find(({ id }) => id === voter)
  return entry ?? scope
}

/** Brakes of the last seven days, by every group, oldest first. Work grows with them alone. */
export async function brakesOf(
  log: Pick<IndexLog, 'read'>,
  state: IndexState,
  now: UnixSeconds,
): Promise<readonly BrakeView[]> {
  const since = minus(now, BRAKE_WEEK)
  const found = [...state.scopes.values()].flatMap(({ uid, group }) =>
    group ? brakesUsed(state, uid, since) : [],
  )
  const views: BrakeView[] = []
  for (const seq of found.sort((a, b) => a - b)) {
    const [stored] = await log.read(seq, 1)
    const statement = stored && brakeIn(stored)
    const at = stored && readRecord(stored.bytes)?.ts
    if (statement && at !== undefined) views.push(viewOf(state, statement, { seq, at, now }))
  }
  return views
}

/** The statement of a record by which voters used the brake. */
export function brakeIn({ envelopes: [first] }: StoredRecord): BrakeStatement | undefined {
  const statement = first && open(first)
  return statement && readBrake(statement)
}
