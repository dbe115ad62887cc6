import { refuse, type Result } from '../../core/result.js'
import type { UnixSeconds } from '../../core/time.js'
import { isBraked, withoutBrake } from '../brake-mark.js'
import type { Operation } from '../operation.js'
import type { IndexState } from '../state.js'
import { type Decided, decided, gone } from './decision.js'

type Lifting = Extract<Operation, { op: 'brake.lift' | 'voter.reinstate' }>

/** Ends a brake before its time: by as many as it takes to reactivate what is suspended. */
export function liftEffect(
  state: IndexState,
  { op, subject, body }: Lifting,
  at: UnixSeconds,
): Result<Decided> {
  const scope = state.scopes.get(subject.uid)
  if (op === 'voter.reinstate') {
    const voter = scope?.group?.voters.find(({ id }) => id === body.voter)
    if (!scope?.group || !voter) return gone('voter', body.voter)
    if (!isBraked(voter, at)) return notBraked(`the voter ${voter.id}`)
    const voters = scope.group.voters.map((one) => (one === voter ? withoutBrake(one) : one))
    const group = { ...scope.group, voters }
    return decided({ ...scope, group, rev: scope.rev + 1 }, 'sensitive')
  }
  if (scope && body.rule === undefined) {
    if (!isBraked(scope, at)) return notBraked(`the scope ${scope.alias || '/'}`)
    return decided({ ...withoutBrake(scope), rev: scope.rev + 1 }, 'structural')
  }
  const entry = state.entries.get(subject.uid)
  if (!entry) return gone('entry', subject.alias)
  const rev = entry.rev + 1
  if (body.rule === undefined) {
    if (!isBraked(entry, at)) return notBraked(`the entry ${entry.alias}`)
    return decided({ ...withoutBrake(entry), rev }, 'sensitive')
  }
  const rule = entry.rules.find(({ id }) => id === body.rule)
  if (!rule) return gone('rule', body.rule)
  if (!isBraked(rule, at)) return notBraked(`the rule ${rule.id} of ${entry.alias}`)
  const rules = entry.rules.map((one) => (one === rule ? withoutBrake(one) : one))
  return decided({ ...entry, rules, rev }, 'sensitive')
}

const notBraked = (what: string) =>
  refuse('namespace.wrong-state', `${what} is not braked`, {
    wanted: 'a brake that is not over',
    next: 'capstan brake list',
  })
