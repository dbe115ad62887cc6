import type { KeyRef, KeyVault, Signer } from '../ca/ports.js'
import { DependencyError } from '../core/dependency-error.js'
import type { RandomBytes } from '../core/time.js'
import { voterSigner } from '../keys/voter-signer.js'
import type { NoteSigner } from '../tlog/ports.js'
import { signatureType, verifierKey } from '../tlog/verifier-key.js'
import { type InstanceFile, writeInstanceFile } from './instance-file.js'

export const createLogKey = async (
  vault: KeyVault,
): Promise<{ readonly ref: KeyRef; readonly signer: Signer }> =>
  vault.create('Ed25519', 'index log')

/** The key that signs checkpoints; made where an earlier version has founded the installation. */
export async function openLogKey(
  vault: KeyVault,
  file: InstanceFile,
  { dataDir, random }: { readonly dataDir: string; readonly random: RandomBytes },
): Promise<NoteSigner> {
  const origin = `${file.trustDomain}/index`
  if (file.logKey !== undefined) {
    const signer = await vault.open(file.logKey)
    if (!signer) throw new DependencyError('keys', "the index log's key is gone")
    return noteSigner(origin, signer)
  }
  const { ref, signer } = await createLogKey(vault)
  await writeInstanceFile(dataDir, { ...file, logKey: ref }, random)
  return noteSigner(origin, signer)
}

function noteSigner(origin: string, signer: Signer): NoteSigner {
  const raw = voterSigner(signer)
  const key = verifierKey(origin, signatureType.ed25519, raw.publicKey)
  if (!key) throw new DependencyError('keys', "the index log's key is no key of a log")
  return { key, sign: (octets) => raw.sign(octets) }
}
