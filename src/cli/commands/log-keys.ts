import type { LogName } from '../../monitor/alarm.js'
import { parseVerifierKey, type VerifierKey } from '../../tlog/verifier-key.js'
import type { Invocation } from '../invocation.js'
import { type Outcome, refused } from '../problem.js'

/** What --key and --issuance-key say. */
export function logKeysOf(
  call: Invocation,
): Outcome<Partial<Readonly<Record<LogName, VerifierKey>>>> {
  const keys: Partial<Record<LogName, VerifierKey>> = {}
  for (const [log, text] of [
    ['index', call.text('key')],
    ['issuance', call.text('issuanceKey')],
  ] as const) {
    const key = text === undefined ? undefined : parseVerifierKey(text)
    if (key?.ok === false) return refused(key.refusal)
    if (key) keys[log] = key.value
  }
  return { ok: true, value: keys }
}
