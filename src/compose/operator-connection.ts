import { connect } from 'node:net'
import type { OperatorConnection } from '../cli/world.js'
import type { Config } from '../config/config.js'
import { ok, type Result } from '../core/result.js'
import type { Ambient } from './serve.js'
import { unixSocketConnection } from './unix-socket-connection.js'

/**
 * The operators' way in. A running server is asked through its socket; where none runs, the same API
 * is served by this process over the data directory, which nobody else may have meanwhile.
 */
export async function operatorConnection(
  config: Config,
  ambient: Ambient,
): Promise<Result<OperatorConnection>> {
  const { socket } = config.server
  if ((await probe(socket)) === 'served') return ok(unixSocketConnection(socket))
  const { ownOperator } = await import('./own-operator.js')
  return ownOperator(config, ambient)
}

function probe(path: string): Promise<'served' | 'silent'> {
  return new Promise((resolve) => {
    const connection = connect({ path })
    connection.once('connect', () => {
      connection.destroy()
      resolve('served')
    })
    // Not there, or left behind by a process that is gone; the lock tells whether that is so.
    connection.once('error', () => resolve('silent'))
  })
}
