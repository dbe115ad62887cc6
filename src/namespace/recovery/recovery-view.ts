import type { Alias } from '../../core/alias.js'
import { plus, type UnixSeconds } from '../../core/time.js'
import type { Uid } from '../../core/uid.js'
import { open } from '../dsse.js'
import type { IndexLog, StoredRecord } from '../ports.js'
import type { Scope } from '../scope.js'
import type { IndexState } from '../state.js'
import {
  finishBefore,
  isOpen,
  type RecoveryMark,
  type RecoveryStanding,
  recoveryStanding,
  TELL_FOR,
} from './recovery.js'
import { readRecovery, type RecoveryStatement } from './recovery-statements.js'

/** The latest recovery of a scope, as people and programs look at it. */
export interface RecoveryView {
  readonly scope: { readonly alias: Alias; readonly uid: Uid }
  readonly standing: RecoveryStanding
  /** Revision of the group that it began with, whose recovery set signed it. */
  readonly from: number
  /** Digest of what was signed, hex. */
  readonly statement: string
  readonly holders: readonly string[]
  /** Number of the record that started it. */
  readonly seq: number
  readonly since: UnixSeconds
  readonly due: UnixSeconds
  /** From then on it cannot be finished any more. */
  readonly lapses: UnixSeconds
  readonly cancelled?: RecoveryMark['cancelled']
  readonly finished?: UnixSeconds
  /** Who is to decide: as it was signed. */
  readonly group: RecoveryStatement['group']
  readonly reason?: string
  readonly ticket?: string
}

export function recoveryView(
  { alias, uid }: Pick<Scope, 'alias' | 'uid'>,
  mark: RecoveryMark,
  { group, reason, ticket }: Pick<RecoveryStatement, 'group' | 'reason' | 'ticket'>,
  now: UnixSeconds,
): RecoveryView {
  const { from, statement, holders, record, since, due, cancelled, finished } = mark
  return {
    scope: { alias, uid },
    standing: recoveryStanding(mark, now),
    from,
    statement,
    holders,
    seq: record,
    since,
    due,
    lapses: finishBefore(mark),
    ...(cancelled && { cancelled }),
    ...(finished !== undefined && { finished }),
    group,
    ...(reason !== undefined && { reason }),
    ...(ticket !== undefined && { ticket }),
  }
}

/** What a recovery set said, by the record that it is beside. */
export function recoveryIn({ envelopes: [first] }: StoredRecord): RecoveryStatement | undefined {
  const statement = first && open(first)
  return statement && readRecovery(statement)
}

/** The latest recovery of each scope, as long as its group is not another since: oldest first. */
export async function recoveriesOf(
  log: Pick<IndexLog, 'read'>,
  state: IndexState,
  now: UnixSeconds,
): Promise<readonly RecoveryView[]> {
  const views: RecoveryView[] = []
  for (const { scope, mark } of marked(state)) {
    const [stored] = await log.read(mark.record, 1)
    const statement = stored && recoveryIn(stored)
    if (statement) views.push(recoveryView(scope, mark, statement, now))
  }
  return views.sort((a, b) => a.seq - b.seq)
}

/**
 * Scopes of which somebody is about to replace the voters, and those whose voters were replaced in the
 * last thirty days, as nobody need have seen it coming: what every status shows.
 */
export const toldRecoveries = (state: IndexState, now: UnixSeconds): readonly MarkedScope[] =>
  marked(state).filter(({ mark }) => isOpen(mark, now) || isRecent(mark, now))

const isRecent = ({ finished }: RecoveryMark, now: UnixSeconds): boolean =>
  finished !== undefined && now < plus(finished, TELL_FOR)

/** A scope in use whose voters a recovery replaced, or is to replace. */
interface MarkedScope {
  readonly scope: Scope
  readonly mark: RecoveryMark
}

function marked(state: IndexState): readonly MarkedScope[] {
  const found: MarkedScope[] = []
  for (const scope of state.scopes.values()) {
    const { recovery: mark } = scope
    if (mark && scope.state !== 'retired') found.push({ scope, mark })
  }
  return found
}
