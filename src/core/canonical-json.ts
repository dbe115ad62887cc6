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
  if (value === null) return 'null'
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      throw new TypeError('only safe integers can be signed')
    }
    return String(value)
  }
  if (typeof value !== 'object') throw new TypeError(`a ${typeof value} cannot be signed`)
  return Array.isArray(value) ? listed(value, depth + 1) : membersOf(value, depth + 1)
}

/** Printable ASCII that no escape is in: nearly all that there is. */
const PLAIN = /^[ !#-[\]-~]*$/

function quoted(value: string): string {
  if (PLAIN.test(value)) return `"${value}"`
  if (!value.isWellFormed()) throw new TypeError('a lone surrogate cannot be signed')
  return JSON.stringify(value)
}

// Text grows by one piece at a time: arrays of pieces, joined, take twice the time.

function listed(items: readonly unknown[], depth: number): string {
  let text = ''
  for (const item of items) text += `${text === '' ? '[' : ','}${canonicalize(item, depth)}`
  return text === '' ? '[]' : `${text}]`
}

function membersOf(value: object, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError('only plain objects can be signed')
  }
  const members = value as Readonly<Record<string, unknown>>
  let text = ''
  // RFC 8785 section 3.2.3 sorts by UTF-16 code units, as `sort` does.
  for (const key of Object.keys(members).sort()) {
    if (key === '__proto__') throw new TypeError('a "__proto__" member cannot be signed')
    text += `${text === '' ? '{' : ','}${quoted(key)}:${canonicalize(members[key], depth)}`
  }
  return text === '' ? '{}' : `${text}}`
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
