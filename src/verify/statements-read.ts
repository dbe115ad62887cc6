import { canonicalize } from '../core/canonical-json.js'
import type { UnixSeconds } from '../core/time.js'
import { isSignedBy, open, type Opened } from '../namespace/dsse.js'
import type { Voter } from '../namespace/group.js'
import { type OnePart, partsOf } from '../namespace/parts.js'
import { readProposal, readVote } from '../namespace/statements.js'
import { isInUse, type VoterKey } from '../namespace/voter-key.js'
import type { ShownCommit } from './bundle.js'

/*
 * What is read of the statements of a bundle is read once. Changes that were proposed together share
 * their envelopes, as the same objects, which only the parsing of one bundle makes and nobody changes:
 * without this, each of n changes would read all n again. What is remembered goes with the bundle.
 */
function once<K extends object, V>(read: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, { readonly value: V }>()
  return (key) => {
    const found = known.get(key)
    if (found) return found.value
    const value = read(key)
    known.set(key, { value })
    return value
  }
}

/** Undefined for anything but one canonical spelling. */
export const openedOf = once((shown: ShownCommit['envelopes'][number]): Opened | undefined =>
  open(Buffer.from(canonicalize(shown))),
)

export const proposalIn = once(readProposal)

export const voteIn = once(readVote)

/** The changes of a proposal, in their order; none of anything else. */
export const partsIn = once((statement: Opened): readonly OnePart[] => {
  const proposal = proposalIn(statement)
  return proposal ? partsOf(proposal, statement.digest) : []
})

const signaturesOf = once((statement: Opened) =>
  once((key: VoterKey) => isSignedBy(statement, [key])),
)

/** Did a key sign it that was in use at all these times? */
export const signs = (
  { keys }: Pick<Voter, 'keys'>,
  statement: Opened,
  ...times: readonly UnixSeconds[]
): boolean =>
  keys.some((key) => times.every((at) => isInUse(key, at)) && signaturesOf(statement)(key))
