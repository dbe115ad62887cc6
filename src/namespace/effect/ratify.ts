import { ok, refuse, type Result } from '../../core/result.js'
import { toIso, type UnixSeconds } from '../../core/time.js'
import { ratifyBefore, useNumbered } from '../emergency/uses.js'
import type { Operation } from '../operation.js'
import type { IndexState } from '../state.js'
import { type Decided, gone } from './decision.js'

type Ratifying = Extract<Operation, { op: 'emergency.ratify' }>

/** Voters say that the use of a grant was right: in time, or the grant is gone. */
export function ratifyEffect(
  state: IndexState,
  { subject, body: { use: number } }: Ratifying,
  at: UnixSeconds,
): Result<Decided> {
  const scope = state.scopes.get(subject.uid)
  if (!scope?.group) return gone('scope', subject.alias)
  const use = useNumbered(state, scope.uid, number)
  if (!use) return gone('use of a grant', String(number))
  if (use.ratified) {
    return refuse('namespace.wrong-state', 'voters have said so already', {
      found: `record ${number}`,
      next: 'capstan emergency list',
    })
  }
  if (at >= ratifyBefore(use)) {
    return refuse('namespace.grant-spent', 'it is too late: the grant is disabled', {
      wanted: `a time before ${toIso(ratifyBefore(use))}`,
      found: toIso(at),
      next: 'vote about another grant, if there is to be one',
    })
  }
  const put = { ...scope, rev: scope.rev + 1 }
  return ok({ effect: { put, quarantine: [], ratifies: number }, changeClass: 'sensitive' })
}
