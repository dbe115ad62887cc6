import { join } from 'node:path'
import type { MirroredIndex, VerifiedMirror, VerifyMirrorOptions } from '../cli/world.js'
import { ok, refuse, type Result } from '../core/result.js'
import { FoldedIndex } from '../mirror/folded-index.js'
import { heldHead } from '../mirror/held-head.js'
import { heldRecords } from '../mirror/held-log.js'
import { keyOfFolder } from '../mirror/known-keys.js'
import { CHECKPOINT } from '../mirror/layout.js'
import type { MirrorFiles } from '../mirror/ports.js'
import { noCheckpoint, type VerifiedFolder, verifyFolder } from '../mirror/verify-folder.js'
import type { LogName } from '../monitor/alarm.js'
import { openShownIndex } from '../store/open-shown-index.js'
import { formatVerifierKey, type VerifierKey } from '../tlog/verifier-key.js'
import { LongWork } from './long-work.js'
import { filesOf, obedient, otherKey, scratchFolder } from './open-mirror.js'
import type { Ambient } from './serve.js'

/** Verifies the folder of a mirror with nothing but the folder. It may be a copy, and may be followed meanwhile. */
export async function verifyMirror(
  options: VerifyMirrorOptions,
  ambient: Pick<Ambient, 'clock' | 'signal'>,
): Promise<Result<VerifiedMirror>> {
  const { folder, keys } = options
  const logs: Partial<Record<LogName, VerifiedFolder & { readonly key: string }>> = {}
  let known: VerifiedMirror['known'] = 'pinned'
  let isMirror = false
  for (const log of ['index', 'issuance'] as const) {
    const files = filesOf(folder, log)
    const begun = await keyOfFolder(files)
    const key = keys[log] ?? begun
    if (!key) continue
    if (begun && formatVerifierKey(begun) !== formatVerifierKey(key)) {
      return otherKey(log, formatVerifierKey(begun))
    }
    if (!keys[log]) known = 'remembered'
    const found = await verified(options, ambient, { log, files, key })
    isMirror ||= found !== undefined
    logs[log] = { ...(found ?? noCheckpoint(log)), key: formatVerifierKey(key) }
  }
  return isMirror ? ok({ logs, known }) : noMirror(folder)
}

/** The index log of a folder, for whoever makes a file of it that is verified by itself. */
export async function openMirroredIndex(folder: string): Promise<Result<MirroredIndex>> {
  const files = filesOf(folder, 'index')
  const key = await keyOfFolder(files)
  const head = key && (await heldHead(files, CHECKPOINT, key))
  if (!head) return noMirror(folder)
  const { records } = heldRecords(files, 'index', () => head.size)
  return ok({ head, records })
}

export const noMirror = (folder: string): Result<never> =>
  refuse('request.not-found', `${folder} has no checkpoint of a log`, {
    wanted: 'a folder that capstan mirror --to has copied a log to',
  })

async function verified(
  { policy, progress }: VerifyMirrorOptions,
  { clock, signal }: Pick<Ambient, 'clock' | 'signal'>,
  of: { readonly log: LogName; readonly files: MirrorFiles; readonly key: VerifierKey },
): Promise<VerifiedFolder | undefined> {
  const pace = obedient(new LongWork(progress).pace, signal)
  const deps = { ...of, policy, pace }
  if (of.log !== 'index') return verifyFolder(deps)
  const room = await scratchFolder()
  try {
    await using tables = openShownIndex(join(room.path, 'index'))
    await using fold = new FoldedIndex({
      ...{ files: of.files, pace, clock, key: formatVerifierKey(of.key) },
      scratch: () => tables.scratch(),
    })
    return await verifyFolder({ ...deps, fold })
  } finally {
    await room.remove()
  }
}
