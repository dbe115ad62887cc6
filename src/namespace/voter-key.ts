import { createPublicKey } from 'node:crypto'
import { canonicalize } from '../core/canonical-json.js'
import { isPrimeOrder } from '../core/prime-order.js'
import type { UnixSeconds } from '../core/time.js'
import { sha256 } from '../core/uid.js'

/** Ed25519 (RFC 8037), or ECDSA over P-256 with SHA-256, raw `r || s` (RFC 7518 section 3.4). */
export type VoterAlgorithm = 'Ed25519' | 'ES256'

/** The required members of RFC 7638, and no others. */
export type VoterJwk =
  | { readonly crv: 'Ed25519'; readonly kty: 'OKP'; readonly x: string }
  | { readonly crv: 'P-256'; readonly kty: 'EC'; readonly x: string; readonly y: string }

/** A public key that signs for a voter. */
export interface VoterKey {
  readonly alg: VoterAlgorithm
  readonly jwk: VoterJwk
  /** RFC 7638, base64url: a digest of the key itself, so that no spelling makes it two. */
  readonly thumbprint: string
  readonly from: UnixSeconds
  /** From then on it signs nothing that counts. */
  readonly until?: UnixSeconds
  /** Its signature over its enrolment (`enrolment.ts`), base64url; the founder's has none. */
  readonly proof?: string
}

/** An Ed25519 public key as a group keeps it; undefined for a key that must not vote. */
export function voterKey(publicKey: Uint8Array, from: UnixSeconds): VoterKey | undefined {
  const x = Buffer.from(publicKey).toString('base64url')
  return voterKeyOf({ crv: 'Ed25519', kty: 'OKP', x }, from)
}

/** The same for a JWK of either kind; undefined unless it is a key, in its one spelling, that may vote. */
export function voterKeyOf(jwk: VoterJwk, from: UnixSeconds): VoterKey | undefined {
  if (!mayVote(jwk)) return undefined
  return { alg: jwk.kty === 'OKP' ? 'Ed25519' : 'ES256', jwk, thumbprint: thumbprintOf(jwk), from }
}

// RFC 7638: the required members, in lexicographic order, without white space.
const thumbprintOf = (jwk: VoterJwk): string =>
  Buffer.from(sha256(canonicalize(jwk))).toString('base64url')

function mayVote(jwk: VoterJwk): boolean {
  const x = coordinate(jwk.x)
  if (!x) return false
  if (jwk.kty === 'OKP') return isPrimeOrder(x)
  return coordinate(jwk.y) !== undefined && isOnCurve(jwk)
}

/** 32 octets in the one spelling that base64url has for them. */
function coordinate(text: string): Uint8Array | undefined {
  const octets = Buffer.from(text, 'base64url')
  return octets.length === 32 && octets.toString('base64url') === text ? octets : undefined
}

function isOnCurve(jwk: VoterJwk): boolean {
  try {
    createPublicKey({ key: { ...jwk }, format: 'jwk' })
    return true
  } catch {
    return false
  }
}

/** Is this what `voterKeyOf` makes of some public key, with nothing but an end and a proof added? */
export function isVoterKey(key: VoterKey): boolean {
  const { until: _until, proof: _proof, ...bare } = key
  const same = voterKeyOf(key.jwk, key.from)
  return same !== undefined && canonicalize(same) === canonicalize(bare)
}

/** Does it sign at `at`? */
export const isInUse = ({ from, until }: VoterKey, at: UnixSeconds): boolean =>
  from <= at && (until === undefined || at < until)
