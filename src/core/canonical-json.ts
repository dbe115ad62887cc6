import type { Refusal } from './refusal.js'
import { ok, refuse, type Result } from './result.js'

/** What may be signed or hashed: no floats, no undefined, no surprises. */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

const MAX_DEPTH = 32

/**
 * RFC 8785 for the strict profile: null, booleans, safe integers, well-formed strings, arrays and
 * plain objects. Throws on anything else: such a value is a bug of the caller, not input.
 */
export function canonicalize(value: unknown, depth = 0): string {
  if (depth > MAX_DEPTH) throw new RangeError('nested too deep to sign')
  if (value === null || typeof value === 'boolean') return JSON.stringify(value)
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      throw new TypeError('only safe integers can be signed')
    }
    return String(value)
  }
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new TypeError('a lone surrogate cannot be signed')
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) {
    return `[${value.map((item) => canonicalize(item, depth + 1)).join(',')}]`
  }
  if (typeof value === 'object') {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) {
      throw new TypeError('only plain objects can be signed')
    }
    const members = Object.entries(value)
      // RFC 8785 section 3.2.3 sorts by UTF-16 code units, as < does.
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => {
        if (key === '__proto__') throw new TypeError('a "__proto__" member cannot be signed')
        return `${canonicalize(key)}:${canonicalize(item, depth + 1)}`
      })
    return `{${members.join(',')}}`
  }
  throw new TypeError(`a ${typeof value} cannot be signed`)
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Parses bytes that must be canonical. Writing the value again and comparing the bytes refuses
 * duplicate keys, white space, `1.0`, `1e2`, `-0`, a BOM and `__proto__` at one stroke.
 */
export function parseCanonical(
  bytes: Uint8Array,
  maxBytes = 65_536,
): Result<Json, Refusal<'namespace.bad-canonical'>> {
  if (bytes.length > maxBytes) return refuse('namespace.bad-canonical', 'larger than it may be')
  try {
    const text = decoder.decode(bytes)
    const value = JSON.parse(text) as Json
    if (canonicalize(value) === text) return ok(value)
  } catch {
    // Not UTF-8, not JSON, or not of the profile: one refusal for all of them.
  }
  return refuse('namespace.bad-canonical', 'not canonical JSON', {
    wanted: 'RFC 8785 with safe integers, no duplicate keys and no white space',
  })
}
