import { utf8 } from './note-text.js'
import { parseVerifierKey, type SignatureType, type VerifierKey } from './verifier-key.js'

/** A key of a policy, and where its holder is to be asked. */
export interface PolicyKey {
  readonly key: VerifierKey
  readonly url?: string
}

/** Undefined for a key of another type: what cannot be verified could not count. */
export function parsePolicyKey(
  vkey: string,
  url: string | undefined,
  type: SignatureType,
): PolicyKey | undefined {
  const text = utf8(Buffer.from(vkey, 'latin1'))
  const read = text === undefined ? undefined : parseVerifierKey(text)
  if (!read?.ok || read.value.type !== type) return undefined
  return { key: read.value, ...(url !== undefined && { url }) }
}
