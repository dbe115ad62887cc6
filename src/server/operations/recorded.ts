import { ok } from '../../core/result.js'
import type { GovernedIndex } from '../../namespace/governed-index.js'
import type { Operations } from '../operations.js'
import { brakeJson, historyItemJson, proposalJson } from '../views/namespace-views.js'

/** What was decided, and what waits, as the records of the index log have it. */
export function recordedOperations(
  index: Pick<GovernedIndex, 'history' | 'proposals' | 'brakes'>,
): Pick<Operations, 'history' | 'proposals' | 'brakes'> {
  return {
    async history(alias) {
      const items = await index.history(alias)
      return items.ok ? ok(items.value.map(historyItemJson)) : items
    },

    proposals: () => Promise.resolve(ok(index.proposals().map(proposalJson))),

    brakes: async () => ok((await index.brakes()).map(brakeJson)),
  }
}
