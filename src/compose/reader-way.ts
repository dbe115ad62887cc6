import type { ReaderWay } from '../cli/world.js'
import { ok, type Result } from '../core/result.js'
import type { Ask } from '../reader/shown-logs.js'
import { callerOf } from './https-connection.js'
import { operatorConnection } from './operator-connection.js'
import type { Ambient } from './serve.js'

/** How a Capstan's logs are asked for. */
export interface Way {
  readonly ask: Ask
  readonly close: () => Promise<void> | void
}

/** Over HTTPS by a certificate, or the socket of this machine. */
export async function readerWay(way: ReaderWay, ambient: Ambient): Promise<Result<Way>> {
  if (way.kind === 'remote') {
    const caller = callerOf(way, ambient)
    return ok({
      ask: (path, accept) => caller.call({ method: 'GET', path, accept }),
      close: () => caller.close(),
    })
  }
  const connection = await operatorConnection(way.config, ambient)
  if (!connection.ok) return connection
  const { value } = connection
  return ok({
    ask: (path, accept) => value.request({ method: 'GET', path, accept }),
    close: () => value.close(),
  })
}
