import { minutes, seconds } from '../../src/core/time.js'
import { FoldedIndex } from '../../src/mirror/folded-index.js'
import { type Mirrored, MirroredLog, type MirroredLogDeps } from '../../src/mirror/mirrored-log.js'
import type { MirrorFiles } from '../../src/mirror/ports.js'
import { type VerifiedFolder, verifyFolder } from '../../src/mirror/verify-folder.js'
import type { LogName } from '../../src/monitor/alarm.js'
import type { ShownLogs } from '../../src/monitor/ports.js'
import { noWitnesses } from '../../src/tlog/policy.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import { type GivenCapstan, signers } from '../monitor/given-capstan.js'
import { MemoryIndexStore } from '../support/memory-index-store.js'

/** What a mirror may be told otherwise. */
export type Told = Partial<Pick<MirroredLogDeps, 'rules' | 'from'>>

const foldOf = ({ clock }: GivenCapstan, files: MirrorFiles): FoldedIndex =>
  new FoldedIndex({
    ...{ files, clock, pace: () => undefined },
    scratch: () => new MemoryIndexStore().scratch(),
    key: formatVerifierKey(signers.index.key),
  })

/** One look of a mirror that was just started, at a Capstan or at what it is made to show. */
export async function mirrored(
  given: GivenCapstan,
  log: LogName,
  files: MirrorFiles,
  over: Partial<ShownLogs> = {},
  told: Told = {},
): Promise<Mirrored> {
  const { clock } = given
  await using fold = foldOf(given, files)
  const mirror = new MirroredLog({
    ...{ log, files, clock, shown: { ...given.shown, ...over }, pace: () => undefined },
    rules: { key: signers[log].key, policy: noWitnesses, maxAge: minutes(10) },
    pause: () => {
      clock.advance(seconds(1))
      return Promise.resolve()
    },
    from: 'where-it-is',
    ...(log === 'index' && { fold }),
    ...told,
  })
  return await mirror.look()
}

/** What the folder of a log is found to be. */
export async function verified(
  given: GivenCapstan,
  log: LogName,
  files: MirrorFiles,
): Promise<VerifiedFolder | undefined> {
  await using fold = foldOf(given, files)
  return await verifyFolder({
    ...{ log, files, key: signers[log].key, policy: noWitnesses, pace: () => undefined },
    ...(log === 'index' && { fold }),
  })
}

export const codesOf = (found: Pick<Mirrored, 'alarms'> | undefined): readonly string[] =>
  found?.alarms.map(({ code }) => code) ?? ['nothing']
