import { DependencyError } from '../core/dependency-error.js'
import type { LogName } from '../monitor/alarm.js'
import { parseVerifierKey, type VerifierKey } from '../tlog/verifier-key.js'
import type { Ask } from './shown-logs.js'

/** The verifier keys of both logs as the server says them: to be believed once, by who has no others. */
export async function shownKeys(ask: Ask): Promise<Readonly<Record<LogName, VerifierKey>>> {
  const { status, body } = await ask('/v1/status', 'application/json')
  if (status !== 200) throw new DependencyError('server', `answered ${status} to /v1/status`)
  try {
    const said = JSON.parse(Buffer.from(body).toString('utf8')) as Readonly<
      Record<LogName, { readonly logKey?: unknown } | undefined>
    > | null
    return { index: keyIn(said?.index?.logKey), issuance: keyIn(said?.issuance?.logKey) }
  } catch (error) {
    throw new DependencyError('server', 'what it says of itself is not of its form', error)
  }
}

function keyIn(text: unknown): VerifierKey {
  const key = parseVerifierKey(String(text))
  if (!key.ok) throw new TypeError('no verifier key')
  return key.value
}
