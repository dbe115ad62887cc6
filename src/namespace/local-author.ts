import type { UnixSeconds } from '../core/time.js'
import { type Group, mayAct } from './group.js'
import { responsibleFor } from './decide.js'
import type { IndexState } from './state.js'
import type { Proposal } from './statements.js'
import { isInUse } from './voter-key.js'

/** As whom the key of this installation signs a proposal at `at`; undefined when nobody here knows it. */
export function localAuthor(
  state: IndexState,
  proposal: Pick<Proposal, 'op' | 'subject'>,
  publicKey: Uint8Array,
  at: UnixSeconds = state.at,
): Proposal['author'] | undefined {
  const key = { x: Buffer.from(publicKey).toString('base64url'), at }
  const own = authorIn(responsibleFor(state, proposal).group, key)
  if (own) return own
  let scope = state.scopeAbove(proposal.subject.alias)
  for (;;) {
    const author = scope.group && authorIn(scope.group, key)
    if (author) return author
    if (scope.uid === state.root.uid) return undefined
    scope = state.scopeAbove(scope.alias)
  }
}

export function authorIn(
  { voters, proposers = [] }: Group,
  { x, at }: { readonly x: string; readonly at: UnixSeconds },
): Proposal['author'] | undefined {
  const signs = ({ keys }: { readonly keys: Group['voters'][number]['keys'] }) =>
    keys.some((key) => key.jwk.kty === 'OKP' && key.jwk.x === x && isInUse(key, at))
  const voter = voters.find((one) => mayAct(one, at) && signs(one))
  if (voter) return { kind: 'voter', id: voter.id }
  const proposer = proposers.find(signs)
  return proposer && { kind: 'proposer', id: proposer.id }
}
