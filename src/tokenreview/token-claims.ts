import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { hours, plus, type Seconds, type UnixSeconds, unixSeconds } from '../core/time.js'
import { parseUsername } from './parse-service-account.js'
import { isObject, type JsonObject, member } from './strict-json.js'
import type { TokenIdentity } from './token-identity.js'

/** What a token of one cluster, meant for us, says. */
export interface TokenExpectation {
  /** The exact `iss`. */
  readonly issuer: string
  /** An exact element of `aud`, and of this CA alone. */
  readonly audience: string
  /** How far the two clocks may be apart. */
  readonly leeway: Seconds
}

export type ClaimsRefusal = Refusal<
  | 'token.malformed'
  | 'token.wrong-issuer'
  | 'token.wrong-audience'
  | 'token.expired'
  | 'token.not-yet-valid'
  | 'token.lives-too-long'
  | 'token.not-a-service-account'
  | 'token.not-bound-to-a-pod'
>

/**
 * The longest life of a token that is believed: the 24 hours that Linkerd's proxies ask for. An API
 * server that prolongs tokens for old clients (`warnafter`) gives them a year.
 */
const LONGEST_LIFE = hours(24)

/** Reads claims as the API server writes them (kubernetes/pkg/serviceaccount/claims.go). */
export function readClaims(
  claims: JsonObject,
  expected: TokenExpectation,
  now: UnixSeconds,
): Result<TokenIdentity, ClaimsRefusal> {
  if (member(claims, 'iss') !== expected.issuer) {
    return refuse('token.wrong-issuer', 'the token comes from another cluster', {
      wanted: expected.issuer,
    })
  }
  if (!audiences(member(claims, 'aud')).includes(expected.audience)) {
    return refuse('token.wrong-audience', 'the token is meant for somebody else', {
      wanted: `audience ${expected.audience}`,
      next: 'project a service account token with this audience into the pod',
    })
  }
  const timely = checkTimes(claims, expected.leeway, now)
  return timely.ok ? readIdentity(claims) : timely
}

/** RFC 7519 section 4.1.3: a string, or an array of strings. */
function audiences(aud: unknown): readonly unknown[] {
  const list: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  return list.every((item) => typeof item === 'string') ? list : []
}

function checkTimes(
  claims: JsonObject,
  leeway: Seconds,
  now: UnixSeconds,
): Result<undefined, ClaimsRefusal> {
  const [exp, iat, nbf] = ['exp', 'iat', 'nbf'].map((name) => instant(member(claims, name)))
  if (exp === undefined || iat === undefined || nbf === undefined) {
    return malformed('exp, iat or nbf is missing or no instant')
  }
  if (now >= plus(exp, leeway)) return refuse('token.expired', 'the token has expired')
  if (plus(now, leeway) < nbf || plus(now, leeway) < iat) {
    return refuse('token.not-yet-valid', 'the token is not valid yet', {
      next: 'compare the clocks of this server and of the cluster',
    })
  }
  if (exp - iat > LONGEST_LIFE) {
    return refuse('token.lives-too-long', 'the token lives longer than a token may', {
      wanted: `at most ${LONGEST_LIFE} seconds from iat to exp`,
      found: `${exp - iat} seconds`,
      next: 'lower expirationSeconds of the projected token',
    })
  }
  return ok()
}

/** Far enough to hold any honest instant, and for sums with a length to stay exact. */
const LAST_INSTANT = 253_402_300_799

function instant(value: unknown): UnixSeconds | undefined {
  const isInstant =
    typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= LAST_INSTANT
  return isInstant ? unixSeconds(value) : undefined
}

function readIdentity(claims: JsonObject): Result<TokenIdentity, ClaimsRefusal> {
  const bound = member(claims, 'kubernetes.io')
  // Tokens in Secrets name their account in flat claims, and live until somebody deletes them.
  if (!isObject(bound)) return notBound('the kubernetes.io claim is missing')
  if (member(bound, 'warnafter') !== undefined) {
    return refuse('token.lives-too-long', "the token's life was prolonged for an old client")
  }
  const account = reference(member(bound, 'serviceaccount'))
  const name = parseUsername(string(member(claims, 'sub')) ?? '')
  if (
    !name ||
    !account ||
    name.namespace !== member(bound, 'namespace') ||
    name.serviceAccount !== account.name
  ) {
    return refuse('token.not-a-service-account', 'the token does not belong to a service account', {
      found: 'sub and the kubernetes.io claim do not name one account',
    })
  }
  const pod = reference(member(bound, 'pod'))
  if (!pod) return notBound('no pod in the kubernetes.io claim')
  const nodeName = string(reference(member(bound, 'node'))?.name)
  const jti = string(member(claims, 'jti'))
  const identity: { -readonly [K in keyof TokenIdentity]: TokenIdentity[K] } = {
    namespace: name.namespace,
    serviceAccount: name.serviceAccount,
    serviceAccountUid: account.uid,
    podName: pod.name,
    podUid: pod.uid,
  }
  if (nodeName !== undefined) identity.nodeName = nodeName
  if (jti !== undefined) identity.credentialId = `JTI=${jti}`
  return ok(identity)
}

/** `{"name": .., "uid": ..}`, both present. */
function reference(value: unknown): { readonly name: string; readonly uid: string } | undefined {
  if (!isObject(value)) return undefined
  const name = string(member(value, 'name'))
  const uid = string(member(value, 'uid'))
  return name === undefined || uid === undefined ? undefined : { name, uid }
}

const string = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

function notBound(found: string): ReturnType<typeof refuse<'token.not-bound-to-a-pod'>> {
  return refuse('token.not-bound-to-a-pod', 'the token is not bound to a running pod', {
    wanted: 'a projected service account token',
    found,
  })
}

function malformed(found: string): ReturnType<typeof refuse<'token.malformed'>> {
  return refuse('token.malformed', 'not a Kubernetes service account token', { found })
}
