import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { type CompactJws, parseCompactJws } from './compact-jws.js'
import { type JsonObject, member, parseStrictObject } from './strict-json.js'

/** A service account token by its looks, taken apart once for everybody who looks at it. */
export interface UnverifiedToken {
  readonly jws: CompactJws
  readonly claims: JsonObject
  /**
   * The `iss` that it names; undefined when it names none. It chooses which cluster is asked, and
   * that cluster's own issuer must then be this one exactly.
   */
  readonly issuer: string | undefined
}

/** Nothing is verified here, and nobody is asked. */
export function readToken(text: string): Result<UnverifiedToken, Refusal<'token.malformed'>> {
  const jws = parseCompactJws(text)
  if (!jws.ok) return jws
  const claims = parseStrictObject(jws.value.payload)
  if (!claims) {
    return refuse('token.malformed', 'not a Kubernetes service account token', {
      found: 'the payload is no JSON object, or names a claim twice',
    })
  }
  const issuer = member(claims, 'iss')
  return ok({
    jws: jws.value,
    claims,
    issuer: typeof issuer === 'string' && issuer !== '' ? issuer : undefined,
  })
}
