import { ok } from '../../core/result.js'
import type { Drafted } from '../../namespace/drafting/drafted.js'
import type { GovernedIndex } from '../../namespace/governed-index.js'
import { impactDigest } from '../../namespace/questions/impact.js'
import type { DraftJson, DraftsJson } from '../http/draft-shapes.js'
import type { JsonObject } from '../http/shapes.js'
import type { Operations } from '../operations.js'
import { changeJson, proposalJson } from '../views/namespace-views.js'
import { namesBeside } from './names.js'

/** Proposals that others sign, and those that this installation takes back. */
export function proposingOperations(
  index: Pick<GovernedIndex, 'draft' | 'names' | 'withdraw'>,
): Pick<Operations, 'draftProposals' | 'withdrawProposal'> {
  return {
    async draftProposals({ as, change, document, why }, context) {
      const alias = change?.['alias']
      if (typeof alias === 'string' && alias.length <= 200) context.about({ alias })
      const made = await index.draft(change === undefined ? { document, why } : { change }, as)
      return made.ok ? ok(await draftsJson(index, made.value)) : made
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

async function draftsJson(
  index: Pick<GovernedIndex, 'names'>,
  { by, seen, drafts }: Drafted,
): Promise<DraftsJson> {
  const shown: DraftJson[] = []
  for (const { id, digest, scope, proposal, impact, waits = null } of drafts) {
    shown.push({
      id,
      digest,
      scope,
      proposal: asJson(proposal),
      impact: asJson(impact),
      impactDigest: impactDigest(impact),
      waits,
      ...(await namesBeside(index, [proposal.body, impact])),
    })
  }
  return {
    seen: { at: by.at, nonce: by.nonce, meta: asJson(seen.meta), rows: seen.rows.map(asJson) },
    drafts: shown,
  }
}

/** What the state holds, and what is signed, is canonical JSON. */
const asJson = (value: object): JsonObject => value as unknown as JsonObject
