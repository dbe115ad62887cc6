import { isAbsolute } from 'node:path'
import { refuse, type Result, ok } from '../../core/result.js'
import type { TokenKeyName } from '../../namespace/ports.js'

/** Where the PIN comes from, if not from whoever sits at the terminal. */
export interface TokenUri {
  readonly name: Omit<TokenKeyName, 'module'>
  /** `module-path`, absolute. */
  readonly module: string | undefined
  /** File of `pin-source`, absolute. */
  readonly pinFile: string | undefined
}

const SCHEME = 'pkcs11:'

export const isTokenUri = (text: string): boolean => /^pkcs11:/i.test(text)

/** Attributes of the path that are texts about the token or the key. */
const texts = ['token', 'serial', 'manufacturer', 'model', 'object'] as const

/** RFC 7512 section 2.3: what may stand unescaped in a path, and in a query. */
const PATH = /^(?:[A-Za-z0-9\-._~:[\]@!$'()*+,=&]|%[0-9A-Fa-f]{2})*$/
const QUERY = /^(?:[A-Za-z0-9\-._~:[\]@!$'()*+,=/?|]|%[0-9A-Fa-f]{2})*$/

/**
 * Reads a PKCS#11 URI (RFC 7512). What would not be obeyed is refused and never passed over: a key that
 * was chosen by less than was asked for may be another one. The PIN itself must not stand in it.
 */
export function parseTokenUri(text: string): Result<TokenUri> {
  if (!isTokenUri(text)) return malformed('another scheme')
  // Before anything else is read: who has typed it must hear of it.
  if (/[?&;]pin-value=/i.test(text)) return pinInIt
  const [path = '', query, ...rest] = text.slice(SCHEME.length).split('?')
  const asked = query === undefined ? undefined : [query, ...rest].join('?')
  const said = pairs(path, ';', PATH)
  const more = asked === undefined ? ok(new Map<string, Buffer>()) : pairs(asked, '&', QUERY)
  if (!said.ok) return said
  if (!more.ok) return more
  const name = nameOf(said.value)
  if (!name.ok) return name
  for (const key of more.value.keys()) {
    if (key !== 'module-path' && key !== 'pin-source') {
      return malformed(`the attribute ${key}`, 'module-path and pin-source in the query')
    }
  }
  const module = fileOf(more.value.get('module-path'), /^/)
  if (!module.ok) return module
  const pinFile = fileOf(more.value.get('pin-source'), /^file:(?:\/\/(?=\/))?/)
  if (!pinFile.ok) return pinFile
  return ok({ name: name.value, module: module.value, pinFile: pinFile.value })
}

function nameOf(said: ReadonlyMap<string, Buffer>): Result<TokenUri['name']> {
  const name: { -readonly [K in keyof TokenUri['name']]: TokenUri['name'][K] } = {}
  for (const [key, octets] of said) {
    const member = texts.find((one) => one === key)
    if (member !== undefined) {
      const value = utf8(octets)
      if (value === undefined || value === '') return malformed(`no text in ${key}`)
      name[member] = value
    } else if (key === 'id') {
      if (octets.length === 0) return malformed('no octets in id')
      name.id = octets
    } else if (key !== 'type') {
      return malformed(
        `the attribute ${key}`,
        'token, serial, manufacturer, model, object, id, or type=private',
      )
    } else if (octets.toString('latin1') !== 'private') {
      return malformed('another type', 'type=private, or none')
    }
  }
  if (name.object === undefined && !name.id) {
    return malformed('no name of a key', 'object=LABEL or id=%01, or both')
  }
  return ok(name)
}

/** `name=value` pairs, each name once (RFC 7512 section 2.3), values without their escapes. */
function pairs(text: string, between: string, allowed: RegExp): Result<Map<string, Buffer>> {
  const found = new Map<string, Buffer>()
  if (text === '') return ok(found)
  for (const pair of text.split(between)) {
    const at = pair.indexOf('=')
    const key = pair.slice(0, Math.max(0, at))
    const value = pair.slice(at + 1)
    if (!/^[a-z][a-z0-9-]*$/.test(key)) return malformed('a pair without a name')
    if (!allowed.test(value)) return malformed(`a value of ${key} that is not escaped`)
    if (found.has(key)) return malformed(`the attribute ${key} twice`)
    found.set(key, unescaped(value))
  }
  return ok(found)
}

const unescaped = (value: string): Buffer =>
  Buffer.from(
    value.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    ),
    'latin1',
  )

function utf8(octets: Buffer): string | undefined {
  const text = octets.toString('utf8')
  return Buffer.from(text).equals(octets) && !text.includes('\0') ? text : undefined
}

/** A file by its absolute path, after what may stand before it. */
function fileOf(octets: Buffer | undefined, before: RegExp): Result<string | undefined> {
  if (!octets) return ok(undefined)
  const path = utf8(octets)?.replace(before, '')
  // Two slashes begin the name of a host (RFC 8089).
  if (path !== undefined && isAbsolute(path) && !path.startsWith('//')) return ok(path)
  return malformed('no absolute path', 'module-path=/usr/lib/module.so, pin-source=file:/run/pin')
}

const malformed = (found: string, wanted?: string): Result<never> =>
  refuse('cli.usage', 'this is no PKCS#11 URI that names a key', {
    wanted: wanted ?? 'pkcs11:token=LABEL;object=LABEL?module-path=/usr/lib/module.so (RFC 7512)',
    found,
  })

const pinInIt = refuse('cli.usage', 'a PIN does not stand in a command: others can read it there', {
  wanted: 'pin-source=file:/PATH of a file for you alone, or no PIN: you are asked for it',
  next: 'change the PIN, if others use this machine',
})
