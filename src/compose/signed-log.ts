import type { KeyVault } from '../ca/ports.js'
import type { RandomBytes } from '../core/time.js'
import type { SignedBefore } from '../namespace/index-tree.js'
import type { LogTree } from '../tlog/ports.js'
import { CheckpointPublisher } from '../tlog/publish-checkpoints.js'
import type { VerifierKey } from '../tlog/verifier-key.js'
import type { InstanceFile } from './instance-file.js'
import { openLogKey } from './log-key.js'
import { readSignedHead, writeSignedHead } from './signed-head-file.js'

interface Deps {
  readonly vault: KeyVault
  readonly file: InstanceFile
  readonly dataDir: string
  readonly random: RandomBytes
  readonly tree: LogTree
  /** Told why a checkpoint could not be signed. */
  readonly failed: (error: unknown) => void
}

/** What signs the index log. */
export interface SignedLog {
  readonly key: VerifierKey
  readonly publisher: CheckpointPublisher
  /** What the log must go on from, before anything is published. */
  readonly before: SignedBefore
}

export async function openSignedLog({
  vault,
  file,
  dataDir,
  random,
  tree,
  failed,
}: Deps): Promise<SignedLog> {
  const signer = await openLogKey(vault, file, { dataDir, random })
  const head = await readSignedHead(dataDir)
  const publisher = new CheckpointPublisher({
    tree,
    signer,
    remember: (next) => writeSignedHead(dataDir, next, random),
    failed,
  })
  return { key: signer.key, publisher, before: { key: signer.key, ...(head && { head }) } }
}
