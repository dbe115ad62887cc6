import { type Alias, isUnder } from '../../../src/core/alias.js'
import type { Uid } from '../../../src/core/uid.js'
import type { Entry } from '../../../src/namespace/entry.js'
import type { IndexState } from '../../../src/namespace/state.js'

/** The state with these entries, and no others; the later of two has their alias. */
export function stateOf(state: IndexState, entries: readonly Entry[]): IndexState {
  const byUid = new Map<Uid, Entry>(entries.map((one) => [one.uid, one]))
  const byAlias = new Map<Alias, Entry>(entries.map((one) => [one.alias, one]))
  const inOrder = [...entries].sort((a, b) => (a.alias < b.alias ? -1 : 1))
  return Object.create(state, {
    entries: { value: byUid },
    entryByAlias: { value: (alias: Alias) => byAlias.get(alias) },
    entriesUnder: { value: (region: Alias) => inOrder.filter((one) => isUnder(one.alias, region)) },
  }) as IndexState
}
