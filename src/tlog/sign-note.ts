import type { UnixSeconds } from '../core/time.js'
import { type Checkpoint, formatCheckpoint } from './checkpoint.js'
import { cosignedMessage, joinCosignature } from './cosignature.js'
import { formatNote, type NoteSignature } from './note.js'
import type { NoteSigner } from './ports.js'
import { signatureType } from './verifier-key.js'

/** A checkpoint as the log itself signs it, as a note. */
export async function signCheckpoint(checkpoint: Checkpoint, signer: NoteSigner): Promise<string> {
  const { key } = signer
  if (key.type !== signatureType.ed25519) throw new TypeError('a log signs with a key of type 1')
  const text = formatCheckpoint(checkpoint)
  const signature = await signer.sign(Buffer.from(text))
  return formatNote({ text, signatures: [{ name: key.name, id: key.id, signature }] })
}

/** A witness's signature over the text of a checkpoint, at this time. */
export async function cosign(
  text: string,
  signer: NoteSigner,
  now: UnixSeconds,
): Promise<NoteSignature> {
  const { key } = signer
  if (key.type !== signatureType.cosignature) throw new TypeError('a witness signs with type 4')
  const message = cosignedMessage(text, now)
  if (!message) throw new RangeError('a witness signs nothing but checkpoints')
  const signature = joinCosignature({ time: now, signature: await signer.sign(message) })
  return { name: key.name, id: key.id, signature }
}
