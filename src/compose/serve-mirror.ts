import { type ExitCode, exitCode } from '../cli/exit-code.js'
import type { ServeMirrorOptions } from '../cli/world.js'
import { ok, type Result } from '../core/result.js'
import { keyOfFolder } from '../mirror/known-keys.js'
import { listenPlain } from '../server/http/listen-plain.js'
import { defaultHttpLimits } from '../server/http/listener.js'
import { defaultRateLimits, rateLimiterWith } from '../server/http/rate-limit.js'
import { createMirrorApp } from '../server/mirror/mirror-app.js'
import { requestIdsWith } from '../server/request-id.js'
import { aborted } from './aborted.js'
import { filesOf } from './open-mirror.js'
import { openLog } from './open-log.js'
import type { Ambient } from './serve.js'
import { noMirror } from './verify-mirror.js'

/** How long a stop waits for answers under way. */
const GRACE_MS = 10_000

/** Shows the folder of a mirror over HTTP until `signal` aborts; it may be followed meanwhile. */
export async function serveMirror(
  options: ServeMirrorOptions,
  ambient: Ambient,
): Promise<Result<ExitCode>> {
  const { folder, listen, issuanceRecords } = options
  const { clock, random, signal, version } = ambient
  const files = { index: filesOf(folder, 'index'), issuance: filesOf(folder, 'issuance') }
  if (!(await keyOfFolder(files.index)) && !(await keyOfFolder(files.issuance))) {
    return noMirror(folder)
  }
  const log = openLog({ level: 'info', format: options.format }, version)
  const takeTurn = rateLimiterWith(clock, defaultRateLimits)
  const listener = await listenPlain({
    ...listen,
    app: createMirrorApp({ files, issuanceRecords, takeTurn, log }),
    limits: { ...defaultHttpLimits, connections: 512 },
    newRequestId: requestIdsWith(random),
  })
  log.info({ listening: listener.address, folder, issuanceRecords }, 'serving')
  await aborted(signal)
  log.info({}, 'stopping: answers under way are given first')
  await listener.close(GRACE_MS)
  log.info({}, 'stopped')
  return ok(exitCode.ok)
}
