import { verify } from 'node:crypto'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { cosignedMessage, splitCosignature } from './cosignature.js'
import { fromBase64, toBase64, utf8 } from './note-text.js'
import { isKeyName, isKeyOf, keyObjectOf, signatureType, type VerifierKey } from './verifier-key.js'

/** Room for a checkpoint with 16 signatures of 5 kB, which C2SP signed-note wants to be read. */
export const MAX_NOTE_OCTETS = 131_072
const MAX_SIGNATURES = 64

export interface NoteSignature {
  readonly name: string
  readonly id: number
  /** What follows the id: for Ed25519 the signature alone, for a cosignature its time too. */
  readonly signature: Uint8Array
}

/** A signed note, read: nothing is verified yet. */
export interface Note {
  /** Ends in a line feed; without the empty line that follows. */
  readonly text: string
  /** One at least. */
  readonly signatures: readonly NoteSignature[]
}

type Malformed = Refusal<'tlog.malformed'>

/** Reads the one spelling of a note (C2SP signed-note). */
export function parseNote(octets: Uint8Array): Result<Note, Malformed> {
  if (octets.length > MAX_NOTE_OCTETS) return malformed('more octets than a note has')
  const all = utf8(octets)
  // A note has no control characters of ASCII but line feeds.
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  if (all === undefined || /[\u0000-\u0009\u000b-\u001f]/.test(all))
    return malformed('no such text')
  const end = all.lastIndexOf('\n\n')
  if (end === -1) return malformed('no empty line')
  const lines = all.slice(end + 2).split('\n', MAX_SIGNATURES + 2)
  if (lines.pop() !== '' || lines.length === 0) return malformed('no signature line at the end')
  if (lines.length > MAX_SIGNATURES) return malformed('too many signatures')
  const signatures = lines.map(parseSignatureLine).filter((signature) => signature !== undefined)
  if (signatures.length < lines.length) return malformed('a line that is no signature')
  return ok({ text: all.slice(0, end + 1), signatures })
}

const malformed = (found: string): Result<never, Malformed> =>
  refuse('tlog.malformed', 'this is not a signed note', { found })

/** `— name base64(id || signature)`, without its line feed. */
export function parseSignatureLine(line: string): NoteSignature | undefined {
  const [dash, name, base64, ...more] = line.split(' ')
  if (dash !== '\u2014' || name === undefined || base64 === undefined || more.length > 0) {
    return undefined
  }
  const octets = fromBase64(base64)
  if (!isKeyName(name) || !octets || octets.length < 5) return undefined
  return { name, id: Buffer.from(octets).readUInt32BE(0), signature: octets.subarray(4) }
}

/** With its line feed. */
export function formatSignatureLine({ name, id, signature }: NoteSignature): string {
  const octets = Buffer.alloc(4 + signature.length)
  octets.writeUInt32BE(id)
  octets.set(signature, 4)
  return `\u2014 ${name} ${toBase64(octets)}\n`
}

export const formatNote = ({ text, signatures }: Note): string =>
  `${text}\n${signatures.map(formatSignatureLine).join('')}`

/** A key's signature, verified. */
export interface Verified {
  readonly key: VerifierKey
  /** Unix seconds at which a cosignature says it was made; undefined for a plain signature. */
  readonly time?: number
}

export type NoteRefusal = Refusal<'tlog.bad-signature' | 'tlog.unknown-key'>

/**
 * Which of these keys signed the note, each once: of several cosignatures the latest. Signatures of other keys are ignored; a bad one of
 * a known key refuses the note, and so does a note that none of the keys signed.
 */
export function verifyNote(
  { text, signatures }: Note,
  keys: readonly VerifierKey[],
): Result<readonly Verified[], NoteRefusal> {
  const verified: Verified[] = []
  for (const signature of signatures) {
    const key = keys.find((known) => isKeyOf(known, signature))
    if (!key) continue
    const holds = verifySignature(text, key, signature.signature)
    if (!holds) return refuse('tlog.bad-signature', 'a signature does not hold', keyNamed(key))
    const at = verified.findIndex((other) => other.key === key)
    if (at < 0) verified.push(holds)
    else if ((holds.time ?? 0) > (verified[at]?.time ?? 0)) verified[at] = holds
  }
  if (verified.length > 0) return ok(verified)
  return refuse('tlog.unknown-key', 'no key that is known has signed this')
}

const keyNamed = ({ name }: VerifierKey): { readonly found: string } => ({
  found: JSON.stringify(name),
})

function verifySignature(
  text: string,
  key: VerifierKey,
  signature: Uint8Array,
): Verified | undefined {
  switch (key.type) {
    case signatureType.ed25519:
      return holds(key, Buffer.from(text), signature) ? { key } : undefined
    case signatureType.cosignature: {
      const split = splitCosignature(signature)
      const message = split && cosignedMessage(text, split.time)
      if (!split || !message || !holds(key, message, split.signature)) return undefined
      return { key, time: split.time }
    }
  }
}

const holds = (key: VerifierKey, message: Uint8Array, signature: Uint8Array): boolean =>
  signature.length === 64 && verify(null, message, keyObjectOf(key), signature)
