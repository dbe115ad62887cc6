import { createPublicKey } from 'node:crypto'
import { canonicalize } from '../core/canonical-json.js'
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

/**
 * The y coordinates of the points whose order divides 8, little-endian, without the sign bit; the
 * last two are the non-canonical spellings of 0 and 1. Under such a key one fixed signature is
 * valid for every message.
 */
const smallOrder = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
])

/** True when an Ed25519 public key (32 octets) signs nothing, whoever holds it. */
export function isSmallOrder(publicKey: Uint8Array): boolean {
  const octets = Buffer.from(publicKey)
  octets[31] = (octets[31] ?? 0) & 0x7f
  return smallOrder.has(octets.toString('hex'))
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
  if (jwk.kty === 'OKP') return !isSmallOrder(x)
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
