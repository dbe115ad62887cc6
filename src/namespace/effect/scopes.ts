import { type Alias, isUnder, ROOT } from '../../core/alias.js'
import { refuse, type Result } from '../../core/result.js'
import type { UnixSeconds } from '../../core/time.js'
import { unreachable } from '../../core/unreachable.js'
import { withoutBrake } from '../brake-mark.js'
import { normalize } from '../envelope.js'
import type { Operation } from '../operation.js'
import type { Scope } from '../scope.js'
import { type IndexState, obstacle } from '../state.js'
import { type ChangeContext, type Decided, decided, gone } from './decision.js'
import { keepers, type KeyRange } from './keepers.js'
import { mayPlace } from './placement.js'
import { taken } from './uniqueness.js'

type ScopeOperation = Extract<Operation, { op: `scope.${string}` }>
type Creation = Extract<ScopeOperation, { op: 'scope.create' }>

export function scopeEffect(
  state: IndexState,
  operation: ScopeOperation,
  context: ChangeContext,
): Result<Decided> {
  if (operation.op === 'scope.create') return creation(state, operation, context)
  const scope = state.scopes.get(operation.subject.uid)
  if (!scope || scope.state === 'retired') return gone('scope', operation.subject.alias)
  if (scope.alias === ROOT) {
    return refuse('namespace.wrong-state', 'the root scope stays as it is', {
      wanted: 'a scope below the root',
    })
  }
  const next = { ...scope, rev: scope.rev + 1 }
  switch (operation.op) {
    case 'scope.suspend':
      return scope.state === 'suspended'
        ? already(scope)
        : decided({ ...withoutBrake(next), state: 'suspended' }, 'narrowing')
    case 'scope.reactivate':
      return scope.state === 'active'
        ? already(scope)
        : decided({ ...next, state: 'active' }, 'structural')
    case 'scope.retire':
      return retirement(state, next, context.at)
    default:
      return unreachable(operation)
  }
}

function creation(
  state: IndexState,
  { subject: { alias }, body }: Creation,
  { newUid, at }: ChangeContext,
): Result<Decided> {
  const placed = mayPlace(state, alias, body.envelope, at)
  if (!placed.ok) return placed
  const key = `alias:${alias}`
  const inTheWay = obstacle(state, key, newUid, at)
  if (inTheWay) return taken(state, key, inTheWay)
  const scope: Scope = {
    kind: 'scope',
    uid: newUid,
    alias,
    state: 'active',
    rev: 1,
    head: '',
    envelope: normalize(body.envelope),
    group: null,
    createdAt: at,
  }
  return decided(scope, 'structural')
}

function retirement(state: IndexState, scope: Scope, at: UnixSeconds): Result<Decided> {
  const inside = firstInside(state, scope.alias, at)
  if (inside === undefined) return decided({ ...scope, state: 'retired' }, 'narrowing')
  return refuse('namespace.not-empty', 'the scope is not empty', {
    wanted: 'a scope with nothing left in it',
    found: inside,
    next: `capstan scope tree ${scope.alias}`,
  })
}

function firstInside(state: IndexState, alias: Alias, at: UnixSeconds): string | undefined {
  // A space sorts below everything that an alias is made of, and `0` is next to the slash.
  const ranges: readonly KeyRange[] = [
    [`alias:${alias}`, `alias:${alias} `],
    [`alias:${alias}/`, `alias:${alias}0`],
  ]
  for (const entry of keepers(state, ranges, at)) {
    // Not one that has moved away.
    if (isUnder(entry.alias, alias)) return `entry ${entry.alias}`
  }
  for (const scope of state.scopes.values()) {
    const below = scope.alias !== alias && isUnder(scope.alias, alias)
    if (below && scope.state !== 'retired') return `scope ${scope.alias}`
  }
  return undefined
}

const already = (scope: Scope) =>
  refuse('namespace.wrong-state', `the scope ${scope.alias} is ${scope.state}`, {
    wanted: scope.state === 'active' ? 'a suspended scope' : 'an active scope',
    found: scope.state,
  })
