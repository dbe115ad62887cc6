import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { UnixSeconds } from '../core/time.js'
import type { TokenKey } from './jwks.js'
import { signatureIsGood } from './signature-algorithm.js'
import { type ClaimsRefusal, readClaims, type TokenExpectation } from './token-claims.js'
import type { TokenIdentity } from './token-identity.js'
import type { UnverifiedToken } from './unverified-token.js'

/** Where a cluster's public keys come from. Throws `DependencyError` when they cannot be had. */
export interface KeyFinder {
  find(keyId: string): Promise<TokenKey | undefined>
}

export type OfflineRefusal = ClaimsRefusal | Refusal<'token.unknown-key' | 'token.bad-signature'>

/**
 * Verifies a token by its cluster's public keys alone. What this cannot see: a pod or an account
 * that was deleted since; the token's own life bounds that.
 */
export async function reviewOffline(
  { jws, claims }: UnverifiedToken,
  expected: TokenExpectation,
  keys: KeyFinder,
  now: UnixSeconds,
): Promise<Result<TokenIdentity, OfflineRefusal>> {
  // Not believed before the signature is: but what is refused here asks nobody for keys.
  const identity = readClaims(claims, expected, now)
  if (!identity.ok) return identity

  const key = await keys.find(jws.keyId)
  if (!key) {
    return refuse('token.unknown-key', "signed with a key that is not one of the cluster's")
  }
  // The algorithm is the key's; the header may only agree with it.
  if (
    key.algorithm !== jws.algorithm ||
    !signatureIsGood(key.algorithm, key.key, jws.signingInput, jws.signature)
  ) {
    return refuse('token.bad-signature', "the token's signature is not good")
  }
  return ok(identity.value)
}
