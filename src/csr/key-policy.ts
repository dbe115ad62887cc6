import { DerError, type DerReader, readDer, readInner } from '../core/der-reader.js'
import type { SpkiDer } from '../core/der.js'
import type { KeyAlgorithm } from '../core/key-algorithm.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { isUnsafePoint } from './unsafe-point.js'
import { isWeakModulus } from './weak-modulus.js'

/** A public key of a kind, size and encoding that a leaf may carry. Not yet known to be on its curve. */
export interface AllowedKey {
  readonly algorithm: KeyAlgorithm
  /** A copy of its own: what follows does not depend on the buffer of the request. */
  readonly spki: SpkiDer
  /** Content of subjectPublicKey: `04 X Y`, an Ed25519 key, or an RSAPublicKey. A view of `spki`. */
  readonly keyOctets: Uint8Array
}

const MAX_SPKI_BYTES = 2048
const MIN_RSA_BITS = 3072
const MAX_RSA_BITS = 8192

/** 65537, the one exponent that every client uses and that no attack on small or odd ones concerns. */
const EXPONENT = '010001'

const EC_PUBLIC_KEY = '1.2.840.10045.2.1'
const ED25519 = '1.3.101.112'
const RSA_ENCRYPTION = '1.2.840.113549.1.1.1'

const curves: ReadonlyMap<string, { readonly name: 'P-256' | 'P-384'; readonly octets: number }> =
  new Map([
    ['1.2.840.10045.3.1.7', { name: 'P-256', octets: 32 }],
    ['1.3.132.0.34', { name: 'P-384', octets: 48 }],
  ])

/**
 * Takes a SubjectPublicKeyInfo whose only DER form this is: named curve, uncompressed point, `NULL`
 * for RSA and nothing for Ed25519 (RFC 5480 section 2, RFC 8410 section 3, RFC 3279 section 2.3.1).
 */
export function allowKey(given: Uint8Array): Result<AllowedKey, Refusal<'csr.key-not-allowed'>> {
  const spki = Uint8Array.from(given) as SpkiDer
  const key = readDer(spki, MAX_SPKI_BYTES, (reader) => reader.sequence(readKey))
  if (key instanceof DerError) return refuseKey(key.message)
  return ok({ spki, algorithm: key.algorithm, keyOctets: key.keyOctets })
}

export function refuseKey(found: string): {
  readonly ok: false
  readonly refusal: Refusal<'csr.key-not-allowed'>
} {
  return refuse('csr.key-not-allowed', 'not a public key that a leaf may carry', {
    wanted: `P-256, P-384 (named curve, uncompressed), Ed25519, or RSA of ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits with exponent 65537`,
    found,
  })
}

function readKey(spki: DerReader): Omit<AllowedKey, 'spki'> {
  let curve: string | undefined
  const type = spki.sequence((algorithm) => {
    const oid = algorithm.oid()
    switch (oid) {
      case EC_PUBLIC_KEY:
        // Anything else than a name, explicit parameters or NULL, is no OID.
        curve = algorithm.oid()
        break
      case RSA_ENCRYPTION:
        algorithm.null()
        break
      case ED25519:
        break
      default:
        throw new DerError(`key type ${oid.slice(0, 64)}`)
    }
    return oid
  })
  const keyOctets = spki.bitStringOctets()
  if (curve !== undefined) return { algorithm: readCurve(curve, keyOctets), keyOctets }
  return { algorithm: type === ED25519 ? readEd25519(keyOctets) : readRsa(keyOctets), keyOctets }
}

function readCurve(oid: string, point: Uint8Array): KeyAlgorithm {
  const curve = curves.get(oid)
  if (curve === undefined) throw new DerError(`curve ${oid.slice(0, 64)}`)
  if (point[0] !== 0x04 || point.length !== 1 + 2 * curve.octets) {
    throw new DerError('a point that is not uncompressed')
  }
  return curve.name
}

function readEd25519(key: Uint8Array): KeyAlgorithm {
  if (key.length !== 32) throw new DerError('an Ed25519 key is 32 octets')
  if (isUnsafePoint(key)) throw new DerError('an Ed25519 point of small order, or not canonical')
  return 'Ed25519'
}

function readRsa(key: Uint8Array): KeyAlgorithm {
  const { modulus, exponent } = readInner(key, (reader) =>
    reader.sequence((rsa) => ({
      modulus: rsa.unsignedInteger(),
      exponent: rsa.unsignedInteger(),
    })),
  )
  const bits = modulus.length * 8 - (Math.clz32(modulus[0] ?? 0) - 24)
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) throw new DerError(`RSA of ${bits} bits`)
  if (Buffer.from(exponent).toString('hex') !== EXPONENT) {
    throw new DerError('an RSA exponent other than 65537')
  }
  if (isWeakModulus(modulus)) throw new DerError('an RSA modulus that can be factored')
  return 'RSA'
}
