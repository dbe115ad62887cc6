import { type Alias, parentAlias, ROOT } from '../../src/core/alias.js'
import { days, plus, type UnixSeconds } from '../../src/core/time.js'
import { responsibleFor, subjectOf } from '../../src/namespace/decide.js'
import { payloadTypes } from '../../src/namespace/dsse.js'
import type { Operation } from '../../src/namespace/operation.js'
import type { IndexState } from '../../src/namespace/state.js'
import type { Proposal } from '../../src/namespace/statements.js'
import type { TestVoter } from '../support/voters.js'

let made = 0

/** A proposal that somebody signs with their own key, as no command of ours would. */
export function handSigned(
  state: IndexState,
  by: TestVoter,
  { op, subject, body }: Operation,
  more: Partial<Proposal> & { readonly at: UnixSeconds },
): Uint8Array {
  const { at, ...members } = more
  const { uid, group } = responsibleFor(state, { op, subject })
  const before = subjectOf(state, { subject })
  const places =
    op === 'entry.rename' ? [subject.alias, (body as { to: Alias }).to] : [subject.alias]
  const proposal: Proposal = {
    v: 1,
    index: state.index,
    op,
    subject,
    body,
    base: before ? { rev: before.rev, head: before.head } : null,
    scope: { uid, rev: group.rev },
    author: { kind: 'voter', id: by.id },
    reads: readsOf(state, places),
    created: at,
    expires: plus(at, days(7)),
    nonce: (made += 1).toString(16).padStart(32, '0'),
    ...members,
  }
  return by.envelope(payloadTypes.proposal, proposal)
}

/** Every scope above these places, as it is. */
export function readsOf(
  state: IndexState,
  places: readonly Alias[],
): NonNullable<Proposal['reads']> {
  const found = new Map<string, { uid: Proposal['scope']['uid']; rev: number }>()
  for (const place of places) {
    for (let above = place; above !== ROOT;) {
      above = parentAlias(above)
      const scope = above === ROOT ? state.root : state.scopeByAlias(above)
      if (scope) found.set(scope.uid, { uid: scope.uid, rev: scope.rev })
    }
  }
  return [...found.values()]
}
