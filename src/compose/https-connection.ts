import type { OperatorConnection, RemoteWay } from '../cli/world.js'
import { DependencyError } from '../core/dependency-error.js'
import { errorCode } from '../core/error-code.js'
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
    async request({ method, path, body, accept = 'application/json', withinMs }) {
      const call = { method, path, accept, ...(withinMs !== undefined && { withinMs }) }
      if (body === undefined) return caller.call(call)
      const sent = { ...call, json: JSON.stringify(body) }
      // What prepares something keeps nothing.
      if (path.endsWith('/drafts')) return caller.call(sent)
      try {
        const answer = await caller.call(sent)
        return answer.status >= 500 ? { ...answer, body: lookFirst(answer.body) } : answer
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

const LOOK = 'look before you send it again'

/** A server that fails after it has written says so in the same way as one that fails before it. */
function lookFirst(body: Uint8Array): Uint8Array {
  try {
    const problem: unknown = JSON.parse(Buffer.from(body).toString())
    if (typeof problem !== 'object' || problem === null || Array.isArray(problem)) return body
    const next = `what was sent may have been taken: ${LOOK}`
    return Buffer.from(JSON.stringify({ ...problem, next }))
  } catch {
    return body
  }
}

/** Before there is a connection nothing is sent. */
const NOT_CONNECTED: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'SELF_SIGNED_CERT_IN_CHAIN', 'CERT_HAS_EXPIRED'],
  ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
])

/** Whoever gets no answer does not know whether what they sent has arrived. */
function maybeTaken(error: DependencyError): DependencyError {
  const { dependency, message, cause } = error
  if (NOT_CONNECTED.has(errorCode(cause))) return error
  const detail = message.replace(`${dependency}: `, '')
  const known = `what was sent may have been taken: ${LOOK}`
  return new DependencyError(dependency, `${detail}; ${known}`, error)
}
