import type { Group } from './group.js'
import { responsibleFor } from './decide.js'
import type { IndexState } from './state.js'
import type { Proposal } from './statements.js'

/** As whom the key of this installation signs a proposal; undefined when nobody here knows it. */
export function localAuthor(
  state: IndexState,
  proposal: Pick<Proposal, 'op' | 'subject'>,
  publicKey: Uint8Array,
): Proposal['author'] | undefined {
  const x = Buffer.from(publicKey).toString('base64url')
  const own = authorIn(responsibleFor(state, proposal).group, x)
  if (own) return own
  let scope = state.scopeAbove(proposal.subject.alias)
  for (;;) {
    const author = scope.group && authorIn(scope.group, x)
    if (author) return author
    if (scope.uid === state.root.uid) return undefined
    scope = state.scopeAbove(scope.alias)
  }
}

function authorIn({ voters, proposers = [] }: Group, x: string): Proposal['author'] | undefined {
  const signs = ({ keys }: { readonly keys: Group['voters'][number]['keys'] }) =>
    keys.some(({ jwk }) => jwk.kty === 'OKP' && jwk.x === x)
  const voter = voters.find((one) => one.status === 'active' && signs(one))
  if (voter) return { kind: 'voter', id: voter.id }
  const proposer = proposers.find(signs)
  return proposer && { kind: 'proposer', id: proposer.id }
}
