import type { Alias } from '../core/alias.js'
import { canonicalize } from '../core/canonical-json.js'
import { ok, refuse, type Result } from '../core/result.js'
import { unixSeconds, type UnixSeconds } from '../core/time.js'
import { sha256Hex, type Uid } from '../core/uid.js'
import type { ChangeRequest } from './change-request.js'
import { responsibleFor, subjectOf } from './decide.js'
import type { DraftLog } from './draft-log.js'
import { effectOf } from './effect/effect-of.js'
import { FoldedState } from './folded-state.js'
import type { Part, Single } from './operation.js'
import { uidOfPart } from './parts.js'
import { decidesAlone, type Made, propose, proposeOpenly, type ProposerDeps } from './propose.js'
import { resolveRequest } from './resolve-request.js'
import { secondOf, standingOf } from './standing.js'
import type { IndexState } from './state.js'
import type { Proposal } from './statements.js'

/** The changes that one scope's voters are to decide together. */
interface Bundle {
  readonly scope: Uid
  readonly nonce: string
  readonly parts: Part[]
  /** Objects that these changes made or changed, and the last of them that did. */
  readonly touched: Map<Uid, number>
  reason: Pick<ChangeRequest, 'reason' | 'ticket'>
}

/**
 * Turns requests into changes where this installation's voter decides alone, and into one proposal
 * for each scope whose voters have to be asked. Each request is made on what those before it would
 * leave. What waits already with the same words is not proposed again.
 */
export async function proposeTogether(
  deps: ProposerDeps,
  draft: DraftLog,
  requests: readonly ChangeRequest[],
  told: (done: number) => Promise<void> | undefined,
): Promise<Result<readonly Made[]>> {
  const made: Made[] = []
  const bundles = new Map<Uid, Bundle>()
  // What there would be if all of it were made; until somebody has to be asked, it is the draft.
  let wish: FoldedState | undefined
  const at = unixSeconds(Math.max(deps.clock.now(), draft.state.at))
  for (const request of requests) {
    const operation = resolveRequest(wish ?? draft.state, request)
    if (!operation.ok) return operation
    if (decidesAlone(draft.state, operation.value, deps.voter.publicKey)) {
      const alone = await propose(deps, draft, request)
      if (!alone.ok) return alone
      made.push(alone.value)
      const last = draft.verified.at(-1)?.outcome
      if (last?.kind === 'commit') wish?.imagine(last.effect)
    } else {
      wish ??= new FoldedState(draft.state)
      const added = addTo(bundles, wish, {
        operation: operation.value,
        request,
        at,
        nonce: (scope) => nonceOf(draft.state, scope, requests),
      })
      if (!added.ok) return added
    }
    await told(made.length + [...bundles.values()].reduce((sum, one) => sum + one.parts.length, 0))
  }
  for (const bundle of bundles.values()) {
    const waits = await openBundle(deps, draft, bundle)
    if (!waits.ok) return waits
    made.push(...waits.value)
  }
  return ok(made)
}

interface Wanted {
  readonly operation: Single
  readonly request: ChangeRequest
  readonly at: UnixSeconds
  readonly nonce: (scope: Uid) => string
}

function addTo(
  bundles: Map<Uid, Bundle>,
  wish: FoldedState,
  { operation, request, at, nonce }: Wanted,
): Result<undefined> {
  const { op, subject, body } = operation
  const { uid: scope } = responsibleFor(wish, { op, subject })
  const bundle = bundles.get(scope) ?? newBundle(scope, nonce(scope), request)
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

function newBundle(scope: Uid, nonce: string, { reason, ticket }: ChangeRequest): Bundle {
  return {
    scope,
    nonce,
    parts: [],
    touched: new Map(),
    reason: { ...(reason !== undefined && { reason }), ...(ticket !== undefined && { ticket }) },
  }
}

async function openBundle(
  deps: ProposerDeps,
  draft: DraftLog,
  { scope, nonce, parts, reason }: Bundle,
): Promise<Result<readonly Made[]>> {
  const { state } = draft
  const object = state.scopes.get(scope)
  const [only, ...more] = parts
  if (!object || !only) throw new Error('a bundle of nothing')
  const single = more.length === 0 && (only.base === null || 'rev' in only.base)
  const { alias, uid } = object
  const operation = single
    ? ({ op: only.op, subject: only.subject, body: only.body } as Single)
    : ({ op: 'changes', subject: { alias, uid }, body: { changes: parts } } as const)
  const same = waitingLike(state, scope, wordsOf(operation))
  if (same !== undefined) return ok([{ kind: 'waits', proposal: same, op: operation.op }])
  return proposeOpenly(deps, draft, operation, { ...reason, nonce })
}

const wordsOf = ({ op, subject, body }: Pick<Proposal, 'op' | 'subject' | 'body'>): string =>
  canonicalize({ op, subject, body })

/**
 * The same requests on the same state have the same nonce, and so create the same uids: what waits
 * can be found again. What was there under these names before is part of it, since a uid that was
 * used is never used again.
 */
function nonceOf(state: IndexState, scope: Uid, requests: readonly ChangeRequest[]): string {
  const before = requests.map(({ alias }) => {
    const name = alias as Alias
    return [state.entryByAlias(name), state.scopeByAlias(name), state.clusterByAlias(name)].map(
      (object) => object?.head ?? '',
    )
  })
  const asked: unknown = JSON.parse(JSON.stringify(requests))
  return sha256Hex(canonicalize({ before, index: state.index, requests: asked, scope })).slice(
    0,
    32,
  )
}

/** A proposal that waits for this scope's voters and says the same. */
function waitingLike(state: IndexState, scope: Uid, words: string): string | undefined {
  for (const [key] of state.tables.waiting.range(`${scope} `, `${scope} ~`)) {
    const row = state.tables.proposals.get(key.slice(scope.length + 1))
    if (row?.kind !== 'pending' || wordsOf(row.proposal) !== words) continue
    const standing = standingOf(state, row, state.at)
    if (standing === 'open' || standing === 'scheduled' || standing === 'due') return row.id
  }
  return undefined
}
