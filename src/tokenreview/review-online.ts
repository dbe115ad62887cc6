import type { Refusal } from '../core/refusal.js'
import { refuse, type Result } from '../core/result.js'
import { parseServiceAccount, type ServiceAccountRefusal } from './parse-service-account.js'
import type { TokenReviewStatus } from './ports.js'
import type { TokenIdentity } from './token-identity.js'

export type OnlineRefusal =
  ServiceAccountRefusal | Refusal<'token.not-authenticated' | 'token.wrong-audience'>

/**
 * Reads the API server's answer to one question with one audience. There is no second question
 * without an audience: any pod's default token would pass it.
 */
export function readReview(
  status: TokenReviewStatus,
  audience: string,
): Result<TokenIdentity, OnlineRefusal> {
  // An answer with an error in it is not a yes, whatever else it says. Its text decides nothing.
  if (status.authenticated !== true || (status.error !== undefined && status.error !== '')) {
    return refuse('token.not-authenticated', 'the cluster does not vouch for the token')
  }
  // An authenticator that knows no audiences ignores the one it was sent, and answers without.
  if (status.audiences?.includes(audience) !== true) {
    return refuse('token.wrong-audience', 'the cluster does not vouch for the audience', {
      wanted: `audience ${audience}`,
    })
  }
  return parseServiceAccount(status.user ?? {})
}
