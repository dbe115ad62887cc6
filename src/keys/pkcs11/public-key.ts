import { type VoterAlgorithm, type VoterJwk, voterKeyOf } from '../../namespace/voter-key.js'
import { unixSeconds } from '../../core/time.js'
import { CKK } from './constants.js'

/** What a token says of a key; undefined what it does not say. */
export interface KeyAttributes {
  readonly keyType: Buffer | undefined
  readonly ecParams: Buffer | undefined
  readonly ecPoint: Buffer | undefined
}

/** CKA_EC_PARAMS of P-256: the OBJECT IDENTIFIER 1.2.840.10045.3.1.7. */
export const P256_PARAMS = Buffer.from('06082a8648ce3d030107', 'hex')
/** CKA_EC_PARAMS of Ed25519, PKCS#11 3.0 section 2.3.5: by its name, which all modules take. */
export const ED25519_PARAMS = Buffer.from('130c656477617264733235353139', 'hex')
/** The same by its OBJECT IDENTIFIER, 1.3.101.112 (RFC 8410). */
const ED25519_OID = Buffer.from('06032b6570', 'hex')

const isOneOf = (octets: Buffer | undefined, all: readonly Buffer[]): boolean =>
  octets !== undefined && all.some((one) => one.equals(octets))

/** Which kind of signature a key makes; undefined where voters make no such. */
export function algorithmOf({ keyType, ecParams }: KeyAttributes): VoterAlgorithm | undefined {
  // CK_ULONG, as the machine has it: the small numbers of the kinds are in its first octets.
  const kind = keyType && keyType.length >= 4 ? keyType.readUInt32LE(0) : undefined
  if (kind === CKK.ec && isOneOf(ecParams, [P256_PARAMS])) return 'ES256'
  if (kind === CKK.ecEdwards && isOneOf(ecParams, [ED25519_PARAMS, ED25519_OID])) return 'Ed25519'
  return undefined
}

/** The public key of these attributes; undefined for one that may not vote. */
export function publicKeyOf(attributes: KeyAttributes): VoterJwk | undefined {
  const alg = algorithmOf(attributes)
  const { ecPoint } = attributes
  if (!alg || !ecPoint) return undefined
  const jwk = alg === 'ES256' ? p256Of(ecPoint) : ed25519Of(ecPoint)
  return jwk && voterKeyOf(jwk, unixSeconds(0)) && jwk
}

/** DER OCTET STRING of the point (PKCS#11 2.40 section 2.3.3), or, of some tokens, the point alone. */
function p256Of(octets: Buffer): VoterJwk | undefined {
  const point = inside(octets, [[0x04, 0x41]], 65)
  // Uncompressed, SEC 1 section 2.3.3.
  if (point?.[0] !== 0x04) return undefined
  const [x, y] = [point.subarray(1, 33), point.subarray(33)]
  return { crv: 'P-256', kty: 'EC', x: x.toString('base64url'), y: y.toString('base64url') }
}

/** As OCTET STRING (PKCS#11 3.1), as BIT STRING (3.0), or alone. */
function ed25519Of(octets: Buffer): VoterJwk | undefined {
  const key = inside(
    octets,
    [
      [0x04, 0x20],
      [0x03, 0x21, 0x00],
    ],
    32,
  )
  return key && { crv: 'Ed25519', kty: 'OKP', x: key.toString('base64url') }
}

/** What is left of octets without one of the headers, if it is so long. */
function inside(
  octets: Buffer,
  headers: readonly (readonly number[])[],
  length: number,
): Buffer | undefined {
  if (octets.length === length) return octets
  const header = headers.find((one) => octets.subarray(0, one.length).equals(Buffer.from(one)))
  return header && octets.length === header.length + length
    ? octets.subarray(header.length)
    : undefined
}
