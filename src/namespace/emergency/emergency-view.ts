import type { Alias } from '../../core/alias.js'
import type { UnixSeconds } from '../../core/time.js'
import { open } from '../dsse.js'
import type { IndexLog, StoredRecord } from '../ports.js'
import type { Scope } from '../scope.js'
import type { IndexState } from '../state.js'
import type { EmergencyGrant } from './emergency.js'
import { type InvocationStatement, readInvocation } from './emergency-statements.js'
import {
  drilledAt,
  formerUsesOf,
  type GrantStanding,
  grantStanding,
  ratifyBefore,
  type Use,
  usesOf,
} from './uses.js'

/** One use of a grant, as people and programs look at it. */
export interface UseView extends Use {
  /** The entry, as it was called then. */
  readonly subject: Alias
  readonly act: InvocationStatement['act']
  readonly by: readonly string[]
  readonly reason: string
  readonly ticket?: string
  /** Until then voters may say that it was right. */
  readonly ratifyBefore: UnixSeconds
}

/** A grant, and what became of it. */
export interface GrantView {
  /** Alias of the scope whose group has it. */
  readonly scope: Alias
  readonly grant: EmergencyGrant
  readonly standing: GrantStanding
  readonly uses: readonly UseView[]
  readonly drilled?: UnixSeconds
}

/** Every grant of every group, by scope and name. */
export async function grantsOf(
  log: Pick<IndexLog, 'read'>,
  state: IndexState,
  now: UnixSeconds,
): Promise<readonly GrantView[]> {
  const views: GrantView[] = []
  for (const scope of scopesIn(state)) {
    for (const grant of scope.group?.emergency?.grants ?? []) {
      views.push(await grantView(log, state, { scope, grant, now }))
    }
  }
  return views
}

/** A use of a grant that its group has no more, or in other words. */
export interface FormerUse extends UseView {
  /** Alias of the scope whose group had it. */
  readonly scope: Alias
  /** What it was called. */
  readonly grant: string
}

/** Those that run, or that voters may still ratify, by scope: taking a grant away ends neither. */
export async function formerUses(
  log: Pick<IndexLog, 'read'>,
  state: IndexState,
  now: UnixSeconds,
): Promise<readonly FormerUse[]> {
  const views: FormerUse[] = []
  for (const { uid, alias, group } of scopesIn(state)) {
    for (const use of formerUsesOf(state, uid, group?.emergency?.grants ?? [])) {
      if (now >= use.until && (use.ratified || now >= ratifyBefore(use))) continue
      const [stored] = await log.read(use.seq, 1)
      const statement = stored && invocationIn(stored)
      if (statement) {
        views.push({ ...useView(use, statement), scope: alias, grant: statement.grant })
      }
    }
  }
  return views
}

const scopesIn = (state: IndexState): readonly Scope[] =>
  [...state.scopes.values()]
    .filter((scope) => scope.state !== 'retired')
    .sort((a, b) => (a.alias < b.alias ? -1 : 1))

interface Looked {
  readonly scope: Scope
  readonly grant: EmergencyGrant
  readonly now: UnixSeconds
}

async function grantView(
  log: Pick<IndexLog, 'read'>,
  state: IndexState,
  { scope, grant, now }: Looked,
): Promise<GrantView> {
  const { uid, alias } = scope
  const uses = usesOf(state, { scope: uid, grant })
  const shown: UseView[] = []
  for (const use of uses) {
    const [stored] = await log.read(use.seq, 1)
    const statement = stored && invocationIn(stored)
    if (statement) shown.push(useView(use, statement))
  }
  const drilled = drilledAt(state, { scope: uid, grant })
  return {
    scope: alias,
    grant,
    standing: grantStanding(grant, uses, now),
    uses: shown,
    ...(drilled !== undefined && { drilled }),
  }
}

export const useView = (
  use: Use,
  { subject, act, by, reason, ticket }: InvocationStatement,
): UseView => ({
  ...use,
  subject: subject.alias,
  act,
  by,
  reason,
  ...(ticket !== undefined && { ticket }),
  ratifyBefore: ratifyBefore(use),
})

/** What those who used a grant, or drilled it, signed. */
export function invocationIn({
  envelopes: [first],
}: StoredRecord): InvocationStatement | undefined {
  const statement = first && open(first)
  return statement && readInvocation(statement)
}
