import { canonicalize } from '../core/canonical-json.js'
import { sha256 } from '../core/uid.js'
import type { UnixSeconds } from '../core/time.js'
import type { Group, VoterKey } from './group.js'

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
  if (publicKey.length !== 32 || isSmallOrder(publicKey)) return undefined
  const jwk = {
    crv: 'Ed25519',
    kty: 'OKP',
    x: Buffer.from(publicKey).toString('base64url'),
  } as const
  // RFC 7638: the required members, in lexicographic order, without white space.
  const thumbprint = Buffer.from(sha256(JSON.stringify(jwk))).toString('base64url')
  return { alg: 'Ed25519', jwk, thumbprint, from }
}

/** Is this what `voterKey` makes of some public key? */
export function isVoterKey(key: VoterKey): boolean {
  const octets = Buffer.from(key.jwk.x, 'base64url')
  const same = voterKey(octets, key.from)
  return same !== undefined && canonicalize(same) === canonicalize(key)
}

/** Does this public key have a vote in the group? */
export function isVoterOf(group: Group, publicKey: Uint8Array): boolean {
  const x = Buffer.from(publicKey).toString('base64url')
  return group.voters.some(
    ({ status, keys }) => status === 'active' && keys.some((key) => key.jwk.x === x),
  )
}
