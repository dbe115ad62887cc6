import type { OperatorConnection, RemoteWay } from '../cli/world.js'
import { DependencyError } from '../core/dependency-error.js'
import { type Clock, plus, seconds } from '../core/time.js'
import { type HttpsCaller, httpsCaller } from '../reader/https-caller.js'

interface Ambient {
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** To a Capstan on another machine, as an entry of it. */
export function callerOf({ server, trust }: RemoteWay, { clock, signal }: Ambient): HttpsCaller {
  const pause = (length: number): Promise<void> =>
    clock.sleepUntil(plus(clock.now(), seconds(Math.ceil(length))), signal)
  return httpsCaller({ server, trust, signal, pause })
}

/** An operator's way in over mutual TLS: what the server lets that entry do, and no more. */
export function httpsConnection(way: RemoteWay, ambient: Ambient): OperatorConnection {
  const caller = callerOf(way, ambient)
  return {
    async request({ method, path, body, accept = 'application/json' }) {
      const call = { method, path, accept }
      if (body === undefined) return caller.call(call)
      try {
        return await caller.call({ ...call, json: JSON.stringify(body) })
      } catch (error) {
        throw error instanceof DependencyError ? maybeTaken(error) : error
      }
    },
    close: () => {
      caller.close()
      return Promise.resolve()
    },
  }
}

/** Whoever gets no answer does not know whether what they sent has arrived. */
function maybeTaken(error: DependencyError): DependencyError {
  const { dependency, message } = error
  const detail = message.replace(`${dependency}: `, '')
  const known = 'what was sent may have been taken: look before you send it again'
  return new DependencyError(dependency, `${detail}; ${known}`, error)
}
