/** Longer than any that the Gateway API takes (HTTPPathMatch: 1024). */
export const MAX_PATH = 1024

/** RFC 3986 section 3.3: what may stand in a path as it is. Percent signs are looked at apart. */
const PATH_CHARACTERS = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/%]*$/

/**
 * Octets whose percent-encoding is refused: controls, the unreserved ones, which have a shorter
 * spelling (RFC 3986 section 6.2.2.2), and what servers on the way may decode into structure: slash,
 * backslash, and the percent sign of what is encoded twice.
 */
function isHidden(octet: number): boolean {
  if (octet < 0x20 || octet === 0x7f) return true
  const character = String.fromCharCode(octet)
  return character === '/' || character === '\\' || character === '%' || UNRESERVED.test(character)
}

const UNRESERVED = /[A-Za-z0-9\-._~]/

/**
 * Why a path is not in normal form; undefined when it is. Normal: RFC 3986 section 6.2.2 with nothing
 * left to resolve, so that every server on the way reads the same path. What is not normal is refused
 * and never repaired: a repair that differs from the server's own is how a rule is walked around.
 */
export function pathFault(path: string): string | undefined {
  if (!path.startsWith('/')) return 'it does not start with a slash'
  if (path.length > MAX_PATH) return `it has more than ${MAX_PATH} characters`
  if (!PATH_CHARACTERS.test(path)) return 'it holds a character that no path may hold'
  return escapeFault(path) ?? segmentFault(path)
}

function escapeFault(path: string): string | undefined {
  for (let at = path.indexOf('%'); at !== -1; at = path.indexOf('%', at + 1)) {
    const digits = path.slice(at + 1, at + 3)
    if (!/^[0-9A-F]{2}$/.test(digits)) return 'a percent sign without two upper-case hex digits'
    if (isHidden(Number.parseInt(digits, 16))) return `it hides a character: %${digits}`
  }
  return !path.includes('%') || isUtf8(path) ? undefined : 'a percent-encoding that is not UTF-8'
}

/**
 * RFC 3986 section 2.5, RFC 3629 section 3: an overlong spelling of a dot or a slash is one to servers
 * that decode it, and another character to those that do not.
 */
function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}

/** Servers that know path parameters cut a segment at its first semicolon. */
function segmentFault(path: string): string | undefined {
  const segments = path.slice(1).split('/')
  for (const [index, segment] of segments.entries()) {
    const end = segment.indexOf(';')
    const name = end === -1 ? segment : segment.slice(0, end)
    if (name === '.' || name === '..') return `a segment "${name}"`
    // The last segment is empty after a trailing slash; otherwise two slashes meet.
    const isEnd = index === segments.length - 1
    if (name === '' && !(isEnd && end === -1)) return 'an empty segment'
  }
  return undefined
}

/**
 * Is the path at or below the prefix, element by element? As HTTPRoute's PathPrefix: `/a` holds `/a`,
 * `/a/` and `/a/b`, and not `/ab`. Both are normal; a prefix has no slash at its end but for `/`.
 */
export function isBelow(path: string, prefix: string): boolean {
  if (prefix === '/') return true
  if (!path.startsWith(prefix)) return false
  return path.length === prefix.length || path.charCodeAt(prefix.length) === 0x2f
}
