import type { KeyRef, KeyVault, Signer } from '../ca/ports.js'
import { DependencyError } from '../core/dependency-error.js'
import type { RandomBytes } from '../core/time.js'
import { voterSigner } from '../keys/voter-signer.js'
import type { NoteSigner } from '../tlog/ports.js'
import { type SignatureType, signatureType, verifierKey } from '../tlog/verifier-key.js'
import { type InstanceFile, writeInstanceFile } from './instance-file.js'

/** The logs that are signed here, each by a key of its own: the name of a key is the origin of its log. */
export const signedLogs = ['index', 'issuance'] as const
export type SignedLogName = (typeof signedLogs)[number]

/** Which member of instance.json says the key. */
export const keyMember = { index: 'logKey', issuance: 'issuanceKey' } as const

export const createLogKey = async (
  vault: KeyVault,
  log: SignedLogName,
): Promise<{ readonly ref: KeyRef; readonly signer: Signer }> =>
  vault.create('Ed25519', `${log} log`)

/** A key that signs checkpoints, and instance.json as it then is. */
interface LogKey {
  readonly signer: NoteSigner
  readonly file: InstanceFile
}

/** The key that signs checkpoints; made where an earlier version has founded the installation. */
export async function openLogKey(
  vault: KeyVault,
  log: SignedLogName,
  file: InstanceFile,
  { dataDir, random }: { readonly dataDir: string; readonly random: RandomBytes },
): Promise<LogKey> {
  const origin = `${file.trustDomain}/${log}`
  const known = file[keyMember[log]]
  if (known !== undefined) {
    const signer = await vault.open(known)
    if (!signer) throw new DependencyError('keys', `the ${log} log's key is gone`)
    return { signer: noteSigner(origin, signer), file }
  }
  const { ref, signer } = await createLogKey(vault, log)
  const written = { ...file, [keyMember[log]]: ref }
  await writeInstanceFile(dataDir, written, random)
  return { signer: noteSigner(origin, signer), file: written }
}

/** A vault's key under a name that signs notes. */
export function noteSigner(
  name: string,
  signer: Signer,
  type: SignatureType = signatureType.ed25519,
): NoteSigner {
  const raw = voterSigner(signer)
  const key = verifierKey(name, type, raw.publicKey)
  if (!key) throw new DependencyError('keys', `the key of ${name} is none that signs notes`)
  return { key, sign: (octets) => raw.sign(octets) }
}
