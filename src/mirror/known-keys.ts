import { parseVerifierKey, formatVerifierKey, type VerifierKey } from '../tlog/verifier-key.js'
import { DependencyError } from '../core/dependency-error.js'
import type { MirrorFiles } from './ports.js'

/** In the folder of each log: the key that it is mirrored by. */
const KEY = 'key'

/** The key by which the folder of a log was begun; undefined where it was not. */
export async function keyOfFolder(
  files: Pick<MirrorFiles, 'read'>,
): Promise<VerifierKey | undefined> {
  const octets = await files.read(KEY)
  if (!octets) return undefined
  const key = parseVerifierKey(Buffer.from(octets).toString().trimEnd())
  if (!key.ok) throw new DependencyError('mirror', `its own ${KEY} is no verifier key`)
  return key.value
}

/** Durable once it resolves. */
export const putKeyOfFolder = (files: Pick<MirrorFiles, 'put'>, key: VerifierKey): Promise<void> =>
  files.put(KEY, Buffer.from(`${formatVerifierKey(key)}\n`))
