import type { Alias } from '../../core/alias.js'
import { ok, refuse, type Result } from '../../core/result.js'
import type { UnixSeconds } from '../../core/time.js'
import type { DraftLog } from '../draft-log.js'
import { open } from '../dsse.js'
import { notSuspended } from '../effect/placement.js'
import type { InvocationStatement } from './emergency-statements.js'
import type { IndexState } from '../state.js'
import { type UseView, useView } from './emergency-view.js'
import { drillRecord, invocationRecord, invokingOf } from './fold-emergency.js'

/** One envelope for each of those whom a grant names. */
const MOST_ENVELOPES = 32

/** A use of a grant; or a drill, which did nothing. */
export interface Invoked extends UseView {
  readonly scope: Alias
  readonly grant: string
  readonly drill: boolean
}

/** Adds the use of a grant that enough signed, or the drill of it, to the draft. */
export function addInvocation(
  draft: DraftLog,
  envelopes: readonly Uint8Array[],
  at: UnixSeconds,
): Result<Invoked> {
  const opened = envelopes.slice(0, MOST_ENVELOPES).map(open)
  const known = opened.filter((one) => one !== undefined)
  if (known.length === 0 || known.length < envelopes.length) {
    return refuse('namespace.bad-canonical', 'this is no signed use of a grant', {
      wanted: 'a DSSE envelope in canonical JSON for each of those who sign',
    })
  }
  const { state } = draft
  const invoking = invokingOf(state, known, at)
  if (!invoking.ok) return invoking
  const { statement, used } = invoking.value
  const isDrill = statement.drill === true
  // One of a reactivation is in the log all the same where it was made before anybody looked: the
  // fold takes it, and nobody is told any more that the grant would have worked.
  const free = isDrill ? mayBeTried(state, statement) : ok()
  if (!free.ok) return free
  const record = (isDrill ? drillRecord : invocationRecord)(state, invoking.value, at)
  const added = draft.add(record, envelopes)
  if (!added.ok) return added
  const use = { seq: record.seq, at, until: used.until, ratified: false }
  const scope = state.scopes.get(used.scope)?.alias ?? statement.subject.alias
  return ok({ ...useView(use, statement), scope, grant: used.grant.name, drill: isDrill })
}

/** What a use would be refused for is no drill that went well. */
const mayBeTried = (
  state: IndexState,
  { subject: { alias } }: InvocationStatement,
): Result<undefined> => notSuspended(state, alias, 'active scopes above the entry')
