import type { Caller } from '../core/caller.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { type Clock, seconds, type UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import { defaultJwksPolicy, JwksCache, type JwksPolicy } from './jwks-cache.js'
import type { JwksSource, Timers, TokenReviewApi } from './ports.js'
import { type KeyFinder, type OfflineRefusal, reviewOffline } from './review-offline.js'
import { type OnlineRefusal, readReview } from './review-online.js'
import { defaultReviewLimits, type ReviewLimits, ReviewQueue } from './review-queue.js'
import { readClaims, type TokenExpectation } from './token-claims.js'
import { isSameIdentity, type TokenFacts, type TokenIdentity } from './token-identity.js'
import type { UnverifiedToken } from './unverified-token.js'

export interface TokenVerifierDeps {
  readonly cluster: Uid
  /** The cluster's alias, for errors. */
  readonly alias: string
  readonly issuer: string
  readonly audience: string
  readonly asked: AskedParty
  readonly clock: Clock
  readonly timers: Timers
  readonly limits?: ReviewLimits
  readonly keyPolicy?: JwksPolicy
}

/** Who says that a token is good. */
export type AskedParty =
  | { readonly validation: 'online'; readonly api: TokenReviewApi }
  | { readonly validation: 'offline'; readonly jwks: JwksSource }
  /** The keys first, as a cheap no; then the API server; both must speak of one pod. */
  | { readonly validation: 'both'; readonly api: TokenReviewApi; readonly jwks: JwksSource }

export type TokenRefusal =
  OfflineRefusal | OnlineRefusal | Refusal<'token.disagreement' | 'server.overloaded'>

/** Verifies service account tokens of one cluster. */
export interface TokenVerifier {
  /** Throws `DependencyError` when the cluster could not be asked: that is never a yes or a no. */
  readonly verify: (
    token: UnverifiedToken,
    now: UnixSeconds,
    caller: Caller,
  ) => Promise<Result<TokenFacts, TokenRefusal>>
}

/** Between our clock and the cluster's. */
const LEEWAY = seconds(10)
/** The API server's own (go-jose's DefaultLeeway): where it judges the times, we only refuse early. */
const API_SERVER_LEEWAY = seconds(60)

export function tokenVerifier(deps: TokenVerifierDeps): TokenVerifier {
  const { cluster, issuer, audience, asked } = deps
  const leeway = asked.validation === 'online' ? API_SERVER_LEEWAY : LEEWAY
  const expected: TokenExpectation = { issuer, audience, leeway }
  const keys = asked.validation === 'online' ? undefined : keysOf(deps, asked.jwks)
  const queue = asked.validation === 'offline' ? undefined : queueOf(deps, asked.api)

  return {
    async verify(token, now, caller) {
      // Do its claims fit, and where we hold the cluster's keys, did the cluster sign them?
      const claimed = keys
        ? await reviewOffline(token, expected, keys, now)
        : readClaims(token.claims, expected, now)
      if (!claimed.ok) return claimed

      // Does the cluster vouch for it now, and for the very pod that it names?
      const identity = queue
        ? await confirm(queue, token.jws.text, audience, claimed.value, caller.signal)
        : claimed
      if (!identity.ok) return identity

      return ok({ kind: 'k8s', cluster, ...identity.value, checked: asked.validation })
    },
  }
}

async function confirm(
  queue: ReviewQueue,
  token: string,
  audience: string,
  claimed: TokenIdentity,
  signal: AbortSignal,
): Promise<Result<TokenIdentity, TokenRefusal>> {
  const answer = await queue.review(token, signal)
  if (!answer.ok) return answer
  const reviewed = readReview(answer.value, audience)
  if (!reviewed.ok) return reviewed
  if (!isSameIdentity(claimed, reviewed.value)) {
    return refuse('token.disagreement', 'the cluster vouches for another pod than the token names')
  }
  return ok(Object.assign({}, claimed, reviewed.value))
}

const nameOf = (deps: TokenVerifierDeps): string => `kubernetes ${deps.alias}`

function keysOf(deps: TokenVerifierDeps, source: JwksSource): KeyFinder {
  const { clock, timers, keyPolicy: policy = defaultJwksPolicy } = deps
  return new JwksCache({ name: nameOf(deps), source, clock, timers, policy })
}

function queueOf(deps: TokenVerifierDeps, api: TokenReviewApi): ReviewQueue {
  const { audience, timers, limits = defaultReviewLimits } = deps
  return new ReviewQueue({ name: nameOf(deps), api, audience, timers, limits })
}
