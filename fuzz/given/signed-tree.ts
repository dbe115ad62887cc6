import { sign } from 'node:crypto'
import { cosignedMessage, joinCosignature } from '../../src/tlog/cosignature.js'
import { formatNote, type NoteSignature } from '../../src/tlog/note.js'
import { signatureType, verifierKey, type VerifierKey } from '../../src/tlog/verifier-key.js'
import { ed25519Pair, type KeyPair, spkiOf } from './keys.js'

/** Key pairs of a log and of a witness that signs for it. */
export const ORIGIN = 'fuzz.example/log'
const pairs = { log: ed25519Pair('log'), witness: ed25519Pair('witness') }

const keyOf = (name: string, type: 1 | 4, pair: KeyPair): VerifierKey => {
  const key = verifierKey(name, type, spkiOf(pair).subarray(-32))
  if (!key) throw new Error('no key')
  return key
}

export const logKey = keyOf(ORIGIN, signatureType.ed25519, pairs.log)
export const witnessKey = keyOf('fuzz.example/w', signatureType.cosignature, pairs.witness)

const TIME = 1_700_000_000

/** The text as a note of both, if it is a checkpoint, and else of the log alone. */
export function signedNote(text: string): Uint8Array {
  const octets = Buffer.from(text)
  const signatures: NoteSignature[] = [
    { name: logKey.name, id: logKey.id, signature: sign(null, octets, pairs.log.privateKey) },
  ]
  const message = cosignedMessage(text, TIME)
  if (message) {
    const signature = sign(null, message, pairs.witness.privateKey)
    const timed = joinCosignature({ time: TIME, signature })
    signatures.push({ name: witnessKey.name, id: witnessKey.id, signature: timed })
  }
  return Buffer.from(formatNote({ text, signatures }))
}
