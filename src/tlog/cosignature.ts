import { isSize } from './hash.js'
import { parseCheckpoint } from './checkpoint.js'

/** Eight octets of time, then an Ed25519 signature. */
const COSIGNATURE_OCTETS = 8 + 64

/**
 * What a witness signs (C2SP tlog-cosignature, Ed25519): the header, the time and the text of the
 * note, extension lines and all. Undefined for a text that is no checkpoint: nothing else is cosigned.
 */
export function cosignedMessage(text: string, time: number): Uint8Array | undefined {
  if (!parseCheckpoint(text).ok) return undefined
  return Buffer.from(`cosignature/v1\ntime ${time}\n${text}`)
}

export interface TimedSignature {
  /** Unix seconds. */
  readonly time: number
  readonly signature: Uint8Array
}

/** Undefined for another length, and for a time beyond 2^53. */
export function splitCosignature(octets: Uint8Array): TimedSignature | undefined {
  if (octets.length !== COSIGNATURE_OCTETS) return undefined
  const time = Number(Buffer.from(octets).readBigUInt64BE(0))
  return isSize(time) ? { time, signature: octets.subarray(8) } : undefined
}

export function joinCosignature({ time, signature }: TimedSignature): Uint8Array {
  const octets = Buffer.alloc(8 + signature.length)
  octets.writeBigUInt64BE(BigInt(time))
  octets.set(signature, 8)
  return octets
}
