import { ok, type Result } from '../core/result.js'
import { unixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import { addTo, type Bundle, nonceOf, operationOfBundle, waitingLike } from './bundles.js'
import type { ChangeRequest } from './change-request.js'
import type { DraftLog } from './draft-log.js'
import { FoldedState } from './folded-state.js'
import { decidesAlone, type Made, propose, proposeOpenly, type ProposerDeps } from './propose.js'
import { resolveRequest } from './resolve-request.js'
import { isSignable } from './signable.js'
import type { Why } from './unsigned-proposal.js'

/** Changes that are asked for in one go, and why. */
interface Asked {
  readonly requests: readonly ChangeRequest[]
  readonly why: Why
}

/**
 * Turns requests into changes where this installation's voter decides alone, and into one proposal
 * for each scope whose voters have to be asked. Each request is made on what those before it would
 * leave. What waits already with the same words is not proposed again.
 */
export async function proposeTogether(
  deps: ProposerDeps,
  draft: DraftLog,
  { requests, why }: Asked,
  told: (done: number) => Promise<void> | undefined,
): Promise<Result<readonly Made[]>> {
  const signable = isSignable(why)
  if (!signable.ok) return signable
  const made: Made[] = []
  const bundles = new Map<Uid, Bundle>()
  // What there would be if all of it were made; until somebody has to be asked, it is the draft.
  let wish: FoldedState | undefined
  const at = unixSeconds(Math.max(deps.clock.now(), draft.state.at))
  for (const request of requests) {
    const operation = resolveRequest(wish ?? draft.state, request)
    if (!operation.ok) return operation
    if (decidesAlone(draft.state, operation.value, deps.voter.publicKey)) {
      const alone = await propose(deps, draft, { ...request, ...why })
      if (!alone.ok) return alone
      made.push(alone.value)
      const last = draft.verified.at(-1)?.outcome
      if (last?.kind === 'commit') wish?.imagine(last.effect)
    } else {
      wish ??= new FoldedState(draft.state)
      const added = addTo(bundles, wish, {
        operation: operation.value,
        at,
        nonce: (scope) => nonceOf(draft.state, scope, request),
      })
      if (!added.ok) return added
    }
    await told(made.length + [...bundles.values()].reduce((sum, one) => sum + one.parts.length, 0))
  }
  for (const bundle of bundles.values()) {
    const waits = await openBundle(deps, draft, bundle, why)
    if (!waits.ok) return waits
    made.push(...waits.value)
  }
  return ok(made)
}

async function openBundle(
  deps: ProposerDeps,
  draft: DraftLog,
  bundle: Bundle,
  why: Why,
): Promise<Result<readonly Made[]>> {
  const operation = operationOfBundle(draft.state, bundle)
  const same = waitingLike(draft.state, bundle.scope, operation)
  if (same !== undefined) return ok([{ kind: 'waits', proposal: same, op: operation.op }])
  return proposeOpenly(deps, draft, operation, { ...why, nonce: bundle.nonce })
}
