import type { Json } from '../../core/canonical-json.js'
import type { Refusal } from '../../core/refusal.js'
import { ok, refuse, type Result } from '../../core/result.js'

const MAX_DEPTH = 32

export type JsonRefusal = Refusal<'request.malformed'>

/**
 * JSON that every parser reads alike (RFC 7493): UTF-8 without a BOM, no key twice in one object,
 * no lone surrogates, at most 32 levels. `JSON.parse` alone takes the last of two equal keys, where
 * a proxy or a log in front may have looked at the first.
 */
export function parseStrictJson(octets: Uint8Array): Result<Json, JsonRefusal> {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets)
  } catch {
    return malformed('not UTF-8')
  }
  const flaw = findFlaw(text)
  if (flaw !== undefined) return malformed(flaw)
  try {
    return ok(JSON.parse(text) as Json)
  } catch {
    // The parser's message quotes the text.
    return malformed('not JSON')
  }
}

const malformed = (detail: string): { readonly ok: false; readonly refusal: JsonRefusal } =>
  refuse('request.malformed', `the body is ${detail}`, {
    wanted: `JSON in UTF-8, no key twice, at most ${MAX_DEPTH} levels`,
  })

/** What `JSON.parse` would let pass. Says nothing of text that is not JSON at all. */
function findFlaw(text: string): string | undefined {
  // One set of keys for each open object; undefined for each open array.
  const open: (Set<string> | undefined)[] = []
  const punctuation = /["{}[\]:]/g
  let latest: string | undefined
  for (let sign = punctuation.exec(text); sign !== null; sign = punctuation.exec(text)) {
    switch (sign[0]) {
      case '{':
      case '[':
        open.push(sign[0] === '{' ? new Set() : undefined)
        if (open.length > MAX_DEPTH) return 'nested too deep'
        break
      case '}':
      case ']':
        open.pop()
        break
      case ':':
        if (latest === '__proto__') return 'holding a "__proto__" key'
        if (latest !== undefined && open.at(-1)?.has(latest) === true) return 'holding a key twice'
        if (latest !== undefined) open.at(-1)?.add(latest)
        break
      default: {
        const end = endOfString(text, sign.index)
        latest = unquote(text.slice(sign.index, end))
        if (latest === undefined) return 'not JSON'
        if (!latest.isWellFormed()) return 'holding half a character'
        punctuation.lastIndex = end
      }
    }
  }
  return undefined
}

/** Just past the quote that closes the string; the end of the text when nothing closes it. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let before = at
    while (text[before - 1] === '\\') before -= 1
    // An even number of backslashes are themselves, and leave the quote alone.
    if ((at - before) % 2 === 0) return at + 1
  }
  return text.length
}

/** Keys are compared as read: `"\u0061"` is `"a"`. */
function unquote(token: string): string | undefined {
  try {
    return JSON.parse(token) as string
  } catch {
    return undefined
  }
}
