import { parseCompactJws } from './compact-jws.js'
import { member, parseStrictObject } from './strict-json.js'

/**
 * The issuer that a well-formed token names. Nothing is verified: it chooses which cluster is asked,
 * and that cluster's own issuer must then be this one exactly.
 */
export function peekIssuer(token: string): string | undefined {
  const jws = parseCompactJws(token)
  const claims = jws.ok ? parseStrictObject(jws.value.payload) : undefined
  const issuer = claims && member(claims, 'iss')
  return typeof issuer === 'string' && issuer !== '' ? issuer : undefined
}
