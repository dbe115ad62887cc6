import { DependencyError } from '../core/dependency-error.js'
import { noWitnesses } from '../tlog/policy.js'
import type { SignedHead } from '../tlog/ports.js'
import { stateRootOf } from '../tlog/state-root.js'
import type { VerifierKey } from '../tlog/verifier-key.js'
import { verifyCheckpoint } from '../tlog/verify-checkpoint.js'
import type { MirrorFiles } from './ports.js'

/**
 * A checkpoint of the mirror's own, by the key of the log; undefined where there is none. One that the key
 * has not signed is a `DependencyError`: going on without it would forget what was seen.
 */
export async function heldHead(
  files: Pick<MirrorFiles, 'read'>,
  path: string,
  key: VerifierKey,
): Promise<SignedHead | undefined> {
  const note = await files.read(path)
  if (!note) return undefined
  const signed = verifyCheckpoint(note, key, noWitnesses)
  const state = signed.ok ? stateRootOf(signed.value) : signed
  if (!signed.ok || !state.ok) {
    const why = signed.ok
      ? 'it signs no one state'
      : `${signed.refusal.detail} (${signed.refusal.code})`
    throw new DependencyError('mirror', `its own ${path} does not hold: ${why}`)
  }
  const { size, root } = signed.value
  return {
    size,
    root,
    note: Buffer.from(note).toString(),
    ...(state.value && { state: state.value }),
  }
}
