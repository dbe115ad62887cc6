const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Bytes -> one JSON object, or undefined: not UTF-8, not JSON, not an object, or a member name that
 * occurs twice in one object. RFC 7519 section 4 lets a parser take the last of two; then the next
 * reader may take the first.
 */
export function parseStrictObject(bytes: Uint8Array): JsonObject | undefined {
  let text: string
  let value: unknown
  try {
    text = decoder.decode(bytes)
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isObject(value)) return undefined
  return namesWritten(text) === namesKept(value) ? value : undefined
}

export type JsonObject = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The object's own member: `__proto__` and `constructor` are names like any other. */
export function member(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

const QUOTE = 0x22
const COLON = 0x3a
const BACKSLASH = 0x5c

/** In valid JSON a colon outside of strings stands after each name, and nowhere else. */
function namesWritten(text: string): number {
  let count = 0
  let inString = false
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (inString) {
      if (code === BACKSLASH) at += 1
      else if (code === QUOTE) inString = false
    } else if (code === QUOTE) {
      inString = true
    } else if (code === COLON) {
      count += 1
    }
  }
  return count
}

/** A stack of its own: input may nest deeper than the call stack. */
function namesKept(root: unknown): number {
  let count = 0
  const rest: unknown[] = [root]
  while (rest.length > 0) {
    const value = rest.pop()
    if (typeof value !== 'object' || value === null) continue
    const members: unknown[] = Object.values(value)
    if (!Array.isArray(value)) count += members.length
    for (const item of members) rest.push(item)
  }
  return count
}
