import { HASH_OCTETS, isSize } from './hash.js'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** UTF-8 as it stands; undefined for octets that are not. */
export function utf8(octets: Uint8Array): string | undefined {
  try {
    return decoder.decode(octets)
  } catch {
    return undefined
  }
}

/** The one padded spelling of RFC 4648 section 4; Node's decoder would take many. */
export function fromBase64(text: string): Uint8Array | undefined {
  const octets = Buffer.from(text, 'base64')
  return octets.toString('base64') === text ? octets : undefined
}

export const toBase64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64')

export function hashFromBase64(text: string): Uint8Array | undefined {
  const octets = fromBase64(text)
  return octets?.length === HASH_OCTETS ? octets : undefined
}

/** A decimal number without leading zeros, below 2^53. */
export function decimal(text: string): number | undefined {
  const value = Number(text)
  return /^(0|[1-9]\d{0,15})$/.test(text) && isSize(value) ? value : undefined
}

/**
 * The lines before the first empty one, and all the octets after it. Undefined where there is no
 * empty line, or more than `most` lines before it.
 */
export function splitAtEmptyLine(
  octets: Uint8Array,
  most: number,
): { readonly lines: readonly string[]; readonly rest: Uint8Array } | undefined {
  const view = Buffer.from(octets.buffer, octets.byteOffset, octets.length)
  const at = view.indexOf('\n\n')
  const head = at === -1 ? undefined : utf8(view.subarray(0, at))
  const lines = head?.split('\n', most + 1)
  return lines && lines.length <= most ? { lines, rest: view.subarray(at + 2) } : undefined
}
