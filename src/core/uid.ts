import { hash } from 'node:crypto'
import type { Brand } from './brand.js'

/**
 * What a governed object is, for ever: a kind letter and 31 base32 characters of the digest of the
 * proposal that created it. A valid DNS label, Kubernetes label value and SPIFFE path segment.
 */
export type Uid = Brand<string, 'Uid'>

/** s scope, e entry, c cluster. */
export type UidKind = 's' | 'e' | 'c'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

/** RFC 4648 section 6, lower case, no padding. */
export function base32(bytes: Uint8Array): string {
  let text = ''
  let buffer = 0
  let bits = 0
  for (const octet of bytes) {
    buffer = ((buffer << 8) | octet) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += ALPHABET.charAt((buffer >> bits) & 31)
    }
  }
  if (bits > 0) text += ALPHABET.charAt((buffer << (5 - bits)) & 31)
  return text
}

export function uidFromDigest(kind: UidKind, digest: Uint8Array): Uid {
  return `${kind}${base32(digest).slice(0, 31)}` as Uid
}

/** A uid that stands by itself in a text. */
const STANDING = /(?<![0-9A-Za-z_-])[sec][a-z2-7]{31}(?![0-9A-Za-z_-])/g

/** Each that stands by itself in a text, once, in the order in which they do. */
export const uidsIn = (text: string): readonly Uid[] => [
  ...new Set(text.match(STANDING) as readonly Uid[] | null),
]

/** The text with something else in the place of each uid that stands by itself. */
export const replaceUids = (text: string, by: (uid: Uid) => string): string =>
  text.replaceAll(STANDING, (uid) => by(uid as Uid))

export function isUid(text: string): text is Uid {
  return /^[sec][a-z2-7]{31}$/.test(text)
}

export const sha256 = (bytes: Uint8Array | string): Uint8Array => hash('sha256', bytes, 'buffer')

export const sha256Hex = (bytes: Uint8Array | string): string => hash('sha256', bytes, 'hex')
