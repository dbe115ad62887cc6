import type { KeyVault } from '../ca/ports.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { RandomBytes } from '../core/time.js'
import type { SignedBefore } from '../namespace/index-tree.js'
import type { SignedTree } from '../tlog/ports.js'
import { CheckpointPublisher } from '../tlog/publish-checkpoints.js'
import type { VerifierKey } from '../tlog/verifier-key.js'
import type { InstanceFile } from './instance-file.js'
import { keyMember, openLogKey, type SignedLogName } from './log-key.js'
import { readSignedHead, writeSignedHead } from './signed-head-file.js'

export interface SigningDeps {
  readonly log: SignedLogName
  readonly vault: KeyVault
  readonly file: InstanceFile
  readonly dataDir: string
  readonly random: RandomBytes
  readonly tree: SignedTree
  /** Told when a new checkpoint is kept. */
  readonly published?: (() => void) | undefined
  /** Told why a checkpoint could not be signed. */
  readonly failed: ((error: unknown) => void) | undefined
}

/** What signs a log. */
export interface SignedLog {
  readonly key: VerifierKey
  readonly publisher: CheckpointPublisher
  /** What the log must go on from, before anything is published. */
  readonly before: SignedBefore
  /** instance.json as it now is. */
  readonly file: InstanceFile
}

export async function openSignedLog({
  log,
  vault,
  file,
  dataDir,
  random,
  tree,
  published,
  failed,
}: SigningDeps): Promise<Result<SignedLog>> {
  const head = await readSignedHead(dataDir, log)
  // A new key would stand beside what another one has signed.
  if (file[keyMember[log]] === undefined && (head ?? (await tree.checkpoint()))) {
    return keyIsLost(log)
  }
  const opened = await openLogKey(vault, log, file, { dataDir, random })
  const { signer } = opened
  const publisher = new CheckpointPublisher({
    tree,
    signer,
    remember: (next) => writeSignedHead(dataDir, log, next, random),
    published: published ?? (() => undefined),
    failed: failed ?? (() => undefined),
  })
  const { key } = signer
  return ok({ key, publisher, before: { key, ...(head && { head }) }, file: opened.file })
}

const keyIsLost = (log: SignedLogName): Result<never> =>
  refuse(
    'tlog.unknown-key',
    `the ${log} log was signed, and instance.json does not say by which key`,
    { next: 'restore instance.json as it was last, with the keys' },
  )
