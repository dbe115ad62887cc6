import { ok, refuse, type Result } from '../../core/result.js'
import type { UnixSeconds } from '../../core/time.js'
import type { Binding } from '../binding.js'
import type { Entry } from '../entry.js'
import { type IndexState, keysOf } from '../state.js'
import { type ChangeContext, type Decided, decided } from './decision.js'
import { drainEnd, quarantine } from './drain.js'
import { isUnique } from './uniqueness.js'

export function bindingAddition(
  state: IndexState,
  entry: Entry,
  binding: Binding,
  at: UnixSeconds,
): Result<Decided> {
  const bindings = [...entry.bindings, binding].sort((a, b) => (a.id < b.id ? -1 : 1))
  const bound = { ...entry, bindings }
  const unique = isUnique(state, bound, at)
  return unique.ok ? decided(bound, 'sensitive') : unique
}

export function bindingRemoval(
  state: IndexState,
  entry: Entry,
  id: string,
  context: ChangeContext,
): Result<Decided> {
  const bindings = entry.bindings.filter((binding) => binding.id !== id)
  if (bindings.length === entry.bindings.length) {
    return refuse('namespace.unknown', 'the entry has no such binding', {
      wanted: entry.bindings.map((binding) => binding.id).join(', ') || 'an entry with bindings',
      found: id.slice(0, 100),
      next: `capstan entry show ${entry.alias}`,
    })
  }
  const unbound = { ...entry, bindings }
  const kept = new Set(keysOf(state, unbound))
  const given = keysOf(state, entry).filter((key) => !kept.has(key))
  return ok({
    effect: { put: unbound, quarantine: quarantine(given, entry.uid, drainEnd(context)) },
    changeClass: 'narrowing',
  })
}
