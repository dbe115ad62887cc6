import type { Caller } from '../../src/core/caller.js'
import type { Result } from '../../src/core/result.js'
import type { UnixSeconds } from '../../src/core/time.js'
import type { TokenVerifier } from '../../src/tokenreview/review-token.js'
import type { TokenFacts } from '../../src/tokenreview/token-identity.js'
import { readToken } from '../../src/tokenreview/unverified-token.js'

/** A verifier of tokens as they come: taken apart first, as the server does. */
export interface TextVerifier {
  readonly verify: (text: string, now: UnixSeconds, caller: Caller) => Promise<Result<TokenFacts>>
}

export function verifyingText({ verify }: TokenVerifier): TextVerifier {
  return {
    async verify(text, now, caller) {
      const token = readToken(text)
      return token.ok ? verify(token.value, now, caller) : token
    },
  }
}

/** The issuer that a token names; undefined for what is no token. */
export function issuerNamed(text: string): string | undefined {
  const token = readToken(text)
  return token.ok ? token.value.issuer : undefined
}
