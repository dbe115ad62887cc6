import { join } from 'node:path'
import { openInstance } from '../../dist/compose/instance.js'
import { loadConfig } from '../../dist/config/load-config.js'
import { systemClock, systemRandom } from '../../dist/system.js'
import { opened } from './authority.mjs'

/** The data directory of `home`, opened in this process as a server opens it, without listeners. */
export async function openedInstance(home) {
  const { config } = opened(loadConfig({ env: {}, cwd: home, dataDir: join(home, 'data') }))
  return opened(
    await openInstance({
      config,
      env: {},
      clock: systemClock,
      random: systemRandom,
      version: 'bench',
      writer: 'thread',
      listeners: () => [],
      observer: { stage: () => undefined, issued: () => undefined },
    }),
  )
}
