import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import {
  isSignatureAlgorithm,
  type SignatureAlgorithm,
  signatureFits,
} from './signature-algorithm.js'
import { member, parseStrictObject } from './strict-json.js'

/** A token in JWS compact serialization (RFC 7515 section 7.1), taken apart and not yet believed. */
export interface CompactJws {
  /** The exact text without its trailing newline: one spelling for one token. */
  readonly text: string
  readonly algorithm: SignatureAlgorithm
  readonly keyId: string
  readonly payload: Uint8Array
  /** What the signature covers: the header and the payload as they were written. */
  readonly signingInput: Uint8Array
  readonly signature: Uint8Array
}

const MAX_LENGTH = 8192
const MAX_KEY_ID_LENGTH = 1024
const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/

/**
 * What a Kubernetes API server writes, and nothing else. `crit`, `b64`, `jwk`, `jku`, `x5u`, `x5c`
 * and every other parameter would make a token say how it wants to be checked.
 */
const HEADER_PARAMETERS = new Set(['alg', 'kid', 'typ'])

/** The grammar first: nothing is decoded, and nobody is asked, before the whole text has this shape. */
export function parseCompactJws(token: string): Result<CompactJws, Refusal<'token.malformed'>> {
  if (token.length > MAX_LENGTH + 1) return malformed('longer than 8 KiB')
  const text = token.endsWith('\n') ? token.slice(0, -1) : token
  if (text.length > MAX_LENGTH) return malformed('longer than 8 KiB')
  const [, header = '', payload = '', signature = ''] = COMPACT.exec(text) ?? []
  if (header === '') return malformed('not three base64url parts joined by dots')

  const payloadBytes = decodeBase64Url(payload)
  const signatureBytes = decodeBase64Url(signature)
  if (!payloadBytes || !signatureBytes) return malformed(NOT_CANONICAL)
  const parameters = headers.parse(header)
  if (!parameters.ok) return parameters
  if (!signatureFits(parameters.value.algorithm, signatureBytes)) {
    return malformed('the signature has a form that its algorithm does not make')
  }
  return ok({
    text,
    ...parameters.value,
    payload: payloadBytes,
    signingInput: Buffer.from(text.slice(0, header.length + 1 + payload.length), 'latin1'),
    signature: signatureBytes,
  })
}

const NOT_CANONICAL = 'a part is not canonical base64url'

type Parameters = Pick<CompactJws, 'algorithm' | 'keyId'>

/**
 * All tokens of one key have the same header, to the letter: those that were good are remembered,
 * more than there are clusters with two keys each. Their meaning depends on their text alone.
 */
class Headers {
  private static readonly REMEMBERED = 1000
  private known = new Map<string, Parameters>()

  parse(text: string): Result<Parameters, Refusal<'token.malformed'>> {
    const remembered = this.known.get(text)
    if (remembered) return ok(remembered)
    const parsed = parseHeader(text)
    if (parsed.ok) {
      if (this.known.size >= Headers.REMEMBERED) this.known = new Map()
      this.known.set(text, parsed.value)
    }
    return parsed
  }
}

const headers = new Headers()

function parseHeader(text: string): Result<Parameters, Refusal<'token.malformed'>> {
  const bytes = decodeBase64Url(text)
  if (!bytes) return malformed(NOT_CANONICAL)
  const header = parseStrictObject(bytes)
  if (!header) return malformed('the header is no JSON object, or names a parameter twice')
  if (!Object.keys(header).every((name) => HEADER_PARAMETERS.has(name))) {
    return malformed('the header holds a parameter that Kubernetes does not write')
  }
  const algorithm = member(header, 'alg')
  if (!isSignatureAlgorithm(algorithm)) {
    return malformed('signed with an algorithm that Kubernetes does not use')
  }
  const keyId = member(header, 'kid')
  if (typeof keyId !== 'string' || keyId === '' || keyId.length > MAX_KEY_ID_LENGTH) {
    return malformed('the header names no key')
  }
  const type = member(header, 'typ')
  if (type !== undefined && type !== 'JWT') return malformed('a token of another type')
  return ok({ algorithm, keyId })
}

const ALPHABET = /^[A-Za-z0-9_-]*$/

/** The last characters of two and of three whose unused bits are zero. */
const ENDS = { 2: /[AQgw]$/, 3: /[AEIMQUYcgkosw048]$/ }

/** RFC 7515 section 2 without RFC 4648's slack: no padding, and unused trailing bits are zero. */
export function decodeBase64Url(text: string): Uint8Array | undefined {
  if (!ALPHABET.test(text)) return undefined
  const rest = text.length % 4
  if (rest === 1 || (rest === 2 && !ENDS[2].test(text)) || (rest === 3 && !ENDS[3].test(text))) {
    return undefined
  }
  return Buffer.from(text, 'base64url')
}

function malformed(found: string): ReturnType<typeof refuse<'token.malformed'>> {
  return refuse('token.malformed', 'not a Kubernetes service account token', {
    wanted: 'header.payload.signature, signed with RS256, ES256, ES384 or ES512',
    found,
  })
}
