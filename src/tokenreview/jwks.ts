import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { decodeBase64Url } from './compact-jws.js'
import type { SignatureAlgorithm } from './signature-algorithm.js'
import { isObject, type JsonObject, member } from './strict-json.js'

/** A public key that a cluster signs tokens with; the algorithm belongs to the key, not to the token. */
export interface TokenKey {
  readonly algorithm: SignatureAlgorithm
  readonly key: KeyObject
}

/** By `kid`. */
export type TokenKeys = ReadonlyMap<string, TokenKey>

/** Thrown for a key set that must not be used, with a sentence about the first fault. */
export class BadKeySet extends Error {
  override readonly name = 'BadKeySet'
}

const MAX_KEYS = 64
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

const curves: Readonly<Record<string, { algorithm: SignatureAlgorithm; coordinate: number }>> = {
  'P-256': { algorithm: 'ES256', coordinate: 32 },
  'P-384': { algorithm: 'ES384', coordinate: 48 },
  'P-521': { algorithm: 'ES512', coordinate: 66 },
}

/**
 * A JWK Set (RFC 7517 section 5) -> its signing keys by `kid`. Keys for other uses and of unknown
 * types are left out, as section 5 asks. Throws `BadKeySet` for what no honest publisher writes: a
 * secret or private key, two keys under one `kid`, a weak key, an algorithm that is not the key's.
 */
export function parseJwks(document: unknown): TokenKeys {
  const list = isObject(document) ? member(document, 'keys') : undefined
  if (!Array.isArray(list)) throw new BadKeySet('no "keys" array')
  if (list.length > MAX_KEYS) throw new BadKeySet(`more than ${MAX_KEYS} keys`)
  const seen = new Set<string>()
  const keys = new Map<string, TokenKey>()
  for (const jwk of list as readonly unknown[]) {
    if (!isObject(jwk)) throw new BadKeySet('a key is no JSON object')
    const kid = member(jwk, 'kid')
    if (typeof kid !== 'string' || kid === '') throw new BadKeySet('a key has no "kid"')
    if (seen.has(kid)) throw new BadKeySet('two keys have the same "kid"')
    seen.add(kid)
    if (PRIVATE_MEMBERS.some((name) => member(jwk, name) !== undefined)) {
      throw new BadKeySet('it publishes a secret or private key')
    }
    const key = isForSigning(jwk) ? parseKey(jwk) : undefined
    if (key) keys.set(kid, key)
  }
  return keys
}

/** RFC 7517 sections 4.2 and 4.3: absent means unrestricted. */
function isForSigning(jwk: JsonObject): boolean {
  const use = member(jwk, 'use')
  const operations = member(jwk, 'key_ops')
  if (use !== undefined && use !== 'sig') return false
  return operations === undefined || (Array.isArray(operations) && operations.includes('verify'))
}

function parseKey(jwk: JsonObject): TokenKey | undefined {
  switch (member(jwk, 'kty')) {
    case 'RSA':
      return parseRsa(jwk)
    case 'EC':
      return parseEc(jwk)
    case 'oct':
      throw new BadKeySet('it publishes a secret key')
    default:
      return undefined
  }
}

function parseRsa(jwk: JsonObject): TokenKey | undefined {
  const named = member(jwk, 'alg')
  if (named !== undefined && named !== 'RS256') return undefined
  const key = importKey({ kty: 'RSA', n: octets(jwk, 'n'), e: octets(jwk, 'e') })
  const { modulusLength = 0, publicExponent } = key.asymmetricKeyDetails ?? {}
  if (modulusLength < 2048 || modulusLength > 8192) {
    throw new BadKeySet(`an RSA key of ${modulusLength} bits`)
  }
  if (publicExponent !== 65_537n) throw new BadKeySet('an RSA key whose exponent is not 65537')
  if (hasRocaFingerprint(octets(jwk, 'n'))) {
    throw new BadKeySet('an RSA key that can be factored (CVE-2017-15361)')
  }
  return { algorithm: 'RS256', key }
}

function parseEc(jwk: JsonObject): TokenKey {
  const name = member(jwk, 'crv')
  const curve = typeof name === 'string' && Object.hasOwn(curves, name) ? curves[name] : undefined
  if (typeof name !== 'string' || !curve) throw new BadKeySet('an EC key on another curve')
  const named = member(jwk, 'alg')
  if (named !== undefined && named !== curve.algorithm) {
    throw new BadKeySet('an EC key whose "alg" is not its curve\'s')
  }
  const x = octets(jwk, 'x', curve.coordinate)
  const y = octets(jwk, 'y', curve.coordinate)
  return { algorithm: curve.algorithm, key: importKey({ kty: 'EC', crv: name, x, y }) }
}

function octets(jwk: JsonObject, name: string, length?: number): string {
  const text = member(jwk, name)
  const bytes = typeof text === 'string' ? decodeBase64Url(text) : undefined
  if (typeof text !== 'string' || !bytes || (length !== undefined && bytes.length !== length)) {
    throw new BadKeySet(`a key whose "${name}" is not what its type has`)
  }
  return text
}

function importKey(jwk: JsonWebKey): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    // Node throws for a point that is not on its curve.
    throw new BadKeySet('a key that is no public key')
  }
}

/** Small primes, and for each the powers of 65537 modulo it: every ROCA modulus is one of them. */
const rocaPrimes = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157].map(
  (prime) => {
    const powers = new Set<bigint>()
    let power = 1n
    while (!powers.has(power)) {
      powers.add(power)
      power = (power * 65_537n) % BigInt(prime)
    }
    return { prime: BigInt(prime), powers }
  },
)

/** Nemec et al., "The Return of Coppersmith's Attack", section 5: the chance of a false alarm is 2^-27. */
function hasRocaFingerprint(modulus: string): boolean {
  const n = BigInt(`0x0${Buffer.from(modulus, 'base64url').toString('hex')}`)
  return rocaPrimes.every(({ prime, powers }) => powers.has(n % prime))
}
