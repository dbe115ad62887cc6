import type { UnixSeconds } from '../core/time.js'
import { type Group, mayAct, type Proposer } from './group.js'
import { responsibleFor } from './decide.js'
import { authorOf } from './fold-deliberation.js'
import type { IndexState } from './state.js'
import type { Proposal } from './statements.js'
import { isInUse } from './voter-key.js'

/** `scope`: that of those who decide, where these are not the nearest. */
type About = Pick<Proposal, 'op' | 'subject'> & Partial<Pick<Proposal, 'scope'>>

/**
 * As whom the key of this installation signs a proposal at `at`; undefined when nobody here knows it,
 * or by a name only that is somebody else's nearer to the subject.
 */
export function localAuthor(
  state: IndexState,
  proposal: About,
  publicKey: Uint8Array,
  at: UnixSeconds = state.at,
): Proposal['author'] | undefined {
  const x = keyOf(publicKey)
  return firstOf(state, proposal, (group) => {
    const author = authorIn(group, { x, at })
    const found = author && authorOf(state, { ...proposal, author }, at)
    return found && signsWith(x, at)(found) ? author : undefined
  })
}

/** Is the key of this installation one of a voter of this group, who may vote at `at`? */
export const votesIn = (group: Group, publicKey: Uint8Array, at: UnixSeconds): boolean =>
  authorIn(group, { x: keyOf(publicKey), at })?.kind === 'voter'

const keyOf = (publicKey: Uint8Array): string => Buffer.from(publicKey).toString('base64url')

/** The voter or proposer of this name who may propose it at `at`, with the keys that sign for them. */
export const namedAuthor = (
  state: IndexState,
  proposal: About,
  { name, at }: { readonly name: string; readonly at: UnixSeconds },
): NamedAuthor | undefined =>
  firstOf(state, proposal, ({ voters, proposers = [] }) => {
    const voter = voters.find((one) => one.id === name && mayAct(one, at))
    if (voter) return { author: { kind: 'voter', id: name }, who: voter }
    const proposer = proposers.find(({ id }) => id === name)
    return proposer && { author: { kind: 'proposer', id: name }, who: proposer }
  })

export interface NamedAuthor {
  readonly author: Proposal['author']
  readonly who: Proposer
}

/** Looks in the group that decides, and then in those of the scopes above, up to the root. */
function firstOf<T>(
  state: IndexState,
  proposal: About,
  find: (group: Group) => T | undefined,
): T | undefined {
  const own = find(responsibleFor(state, proposal).group)
  if (own) return own
  let scope = state.scopeAbove(proposal.subject.alias)
  for (;;) {
    const found = scope.group && find(scope.group)
    if (found) return found
    if (scope.uid === state.root.uid) return undefined
    scope = state.scopeAbove(scope.alias)
  }
}

export function authorIn(
  { voters, proposers = [] }: Group,
  { x, at }: { readonly x: string; readonly at: UnixSeconds },
): Proposal['author'] | undefined {
  const signs = signsWith(x, at)
  const voter = voters.find((one) => mayAct(one, at) && signs(one))
  if (voter) return { kind: 'voter', id: voter.id }
  const proposer = proposers.find(signs)
  return proposer && { kind: 'proposer', id: proposer.id }
}

const signsWith =
  (x: string, at: UnixSeconds) =>
  ({ keys }: Pick<Proposer, 'keys'>): boolean =>
    keys.some((key) => key.jwk.kty === 'OKP' && key.jwk.x === x && isInUse(key, at))
