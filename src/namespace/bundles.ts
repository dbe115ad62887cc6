import type { Alias } from '../core/alias.js'
import { canonicalize } from '../core/canonical-json.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { UnixSeconds } from '../core/time.js'
import { sha256Hex, type Uid } from '../core/uid.js'
import type { ChangeRequest } from './change-request.js'
import { responsibleFor, subjectOf } from './decide.js'
import { effectOf } from './effect/effect-of.js'
import type { FoldedState } from './folded-state.js'
import type { Operation, Part, Single } from './operation.js'
import { uidOfPart } from './parts.js'
import { secondOf, standingOf } from './standing.js'
import type { IndexState } from './state.js'
import type { Proposal } from './statements.js'

/** The changes that one scope's voters are to decide together. */
export interface Bundle {
  readonly scope: Uid
  readonly nonce: string
  readonly parts: Part[]
  /** Objects that these changes made or changed, and the last of them that did. */
  readonly touched: Map<Uid, number>
}

interface Wanted {
  readonly operation: Single
  readonly at: UnixSeconds
  readonly nonce: (scope: Uid) => string
}

/** Adds one more change to those that the same voters decide about, and to what they would leave. */
export function addTo(
  bundles: Map<Uid, Bundle>,
  wish: FoldedState,
  { operation, at, nonce }: Wanted,
): Result<undefined> {
  const { op, subject, body } = operation
  const { uid: scope } = responsibleFor(wish, { op, subject })
  const bundle = bundles.get(scope) ?? newBundle(scope, nonce(scope))
  bundles.set(scope, bundle)
  const found = subjectOf(wish, { subject })
  const elsewhere = [...bundles.values()].find(
    (other) => other !== bundle && found && other.touched.has(found.uid),
  )
  if (elsewhere) {
    return refuse(
      'namespace.not-responsible',
      'two groups would have to change this one after the other',
      {
        found: subject.alias,
        next: 'take it out of the document, and apply it when the first change is made',
      },
    )
  }
  const after = found && bundle.touched.get(found.uid)
  const base = !found
    ? null
    : after === undefined
      ? { rev: found.rev, head: found.head }
      : { after }
  const position = bundle.parts.length
  const newUid = uidOfPart({ index: wish.index, nonce: bundle.nonce }, op, position)
  if (secondOf(wish, { ...operation, scope: { uid: scope, rev: 0 } })) {
    return refuse('namespace.not-responsible', 'another group has to agree to this too', {
      found: `${op} ${subject.alias}`,
      next: 'propose it by itself: capstan entry rename',
    })
  }
  const decided = effectOf(wish, operation, { at, newUid, issuedUntil: null })
  if (!decided.ok) return decided
  wish.imagine(decided.value.effect)
  bundle.parts.push({ op, subject, body, base })
  bundle.touched.set(decided.value.effect.put.uid, position)
  return ok()
}

const newBundle = (scope: Uid, nonce: string): Bundle => ({
  scope,
  nonce,
  parts: [],
  touched: new Map(),
})

/** All of it as one operation: a single change as itself. */
export function operationOfBundle(state: IndexState, { scope, parts }: Bundle): Operation {
  const object = state.scopes.get(scope)
  const [only, ...more] = parts
  if (!object || !only) throw new Error('a bundle of nothing')
  const single = more.length === 0 && (only.base === null || 'rev' in only.base)
  const { alias, uid } = object
  return single
    ? ({ op: only.op, subject: only.subject, body: only.body } as Single)
    : { op: 'changes', subject: { alias, uid }, body: { changes: parts } }
}

/**
 * What begins with the same request on the same state has the same nonce, and so creates the same uids:
 * what waits can be found again, also when the changes for other voters, which the same document asked
 * for, are made by then. What was there under the name before is part of it, since a uid that was used
 * is never used again; of two proposals that begin alike one alone can pass.
 */
export function nonceOf(state: IndexState, scope: Uid, first: ChangeRequest): string {
  const name = first.alias as Alias
  const before = [state.entryByAlias(name), state.scopeByAlias(name), state.clusterByAlias(name)]
  const heads = before.map((object) => object?.head ?? '')
  const request: unknown = JSON.parse(JSON.stringify(first))
  const { index } = state
  return sha256Hex(canonicalize({ before: heads, index, request, scope })).slice(0, 32)
}

/** A proposal that waits for this scope's voters and says the same. */
export function waitingLike(
  state: IndexState,
  scope: Uid,
  operation: Pick<Proposal, 'op' | 'subject' | 'body'>,
): string | undefined {
  const words = wordsOf(operation)
  for (const [key] of state.tables.waiting.range(`${scope} `, `${scope} ~`)) {
    const row = state.tables.proposals.get(key.slice(scope.length + 1))
    if (row?.kind !== 'pending' || wordsOf(row.proposal) !== words) continue
    const standing = standingOf(state, row, state.at)
    if (standing === 'open' || standing === 'scheduled' || standing === 'due') return row.id
  }
  return undefined
}

const wordsOf = ({ op, subject, body }: Pick<Proposal, 'op' | 'subject' | 'body'>): string =>
  canonicalize({ op, subject, body })
