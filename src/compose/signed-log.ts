import type { KeyVault } from '../ca/ports.js'
import { ok, refuse, type Result } from '../core/result.js'
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
}: Deps): Promise<Result<SignedLog>> {
  const head = await readSignedHead(dataDir)
  // A new key would stand beside what another one has signed.
  if (file.logKey === undefined && (head ?? (await tree.checkpoint()))) return keyIsLost
  const signer = await openLogKey(vault, file, { dataDir, random })
  const publisher = new CheckpointPublisher({
    tree,
    signer,
    remember: (next) => writeSignedHead(dataDir, next, random),
    failed,
  })
  const { key } = signer
  return ok({ key, publisher, before: { key, ...(head && { head }) } })
}

const keyIsLost: Result<never> = refuse(
  'tlog.unknown-key',
  'the index log was signed, and instance.json does not say by which key',
  { next: 'restore instance.json as it was last, with the keys' },
)
