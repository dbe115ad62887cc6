import { ok } from '../../core/result.js'
import type { Drafted } from '../../namespace/drafting/drafted.js'
import type { GovernedIndex } from '../../namespace/governed-index.js'
import { impactDigest } from '../../namespace/questions/impact.js'
import type { DraftsJson } from '../http/draft-shapes.js'
import type { JsonObject } from '../http/shapes.js'
import type { Operations } from '../operations.js'
import { changeJson, proposalJson } from '../views/namespace-views.js'

/** Proposals that others sign, and those that this installation takes back. */
export function proposingOperations(
  index: Pick<GovernedIndex, 'draft' | 'withdraw'>,
): Pick<Operations, 'draftProposals' | 'withdrawProposal'> {
  return {
    async draftProposals({ as, change, document, why }, context) {
      const alias = change?.['alias']
      if (typeof alias === 'string' && alias.length <= 200) context.about({ alias })
      const made = await index.draft(change === undefined ? { document, why } : { change }, as)
      return made.ok ? ok(draftsJson(made.value)) : made
    },

    async withdrawProposal(id, context) {
      const withdrawn = await index.withdraw(id)
      if (!withdrawn.ok) return withdrawn
      const { proposal, changes, suspended = null } = withdrawn.value
      const alias = proposal.proposal?.subject.alias
      if (alias !== undefined) context.about({ alias })
      return ok({ proposal: proposalJson(proposal), changes: changes.map(changeJson), suspended })
    },
  }
}

const draftsJson = ({ by, seen, drafts }: Drafted): DraftsJson => ({
  seen: {
    at: by.at,
    nonce: by.nonce,
    meta: asJson(seen.meta),
    rows: seen.rows.map(asJson),
  },
  drafts: drafts.map(({ id, digest, scope, proposal, impact, waits = null }) => ({
    id,
    digest,
    scope,
    proposal: asJson(proposal),
    impact: asJson(impact),
    impactDigest: impactDigest(impact),
    waits,
  })),
})

/** What the state holds, and what is signed, is canonical JSON. */
const asJson = (value: object): JsonObject => value as unknown as JsonObject
