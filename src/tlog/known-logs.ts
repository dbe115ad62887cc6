import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { utf8 } from './note-text.js'
import {
  formatVerifierKey,
  parseVerifierKey,
  signatureType,
  type VerifierKey,
} from './verifier-key.js'
import type { KnownLogs } from './witness.js'

const MAX_OCTETS = 4_194_304
const MAX_LOGS = 10_000

type Read<T> = Result<T, Refusal<'tlog.malformed'>>

/** The logs of a witness, one verifier key of type 1 in a line; empty lines and `#` lines say nothing. */
export function parseLogKeys(octets: Uint8Array): Read<readonly VerifierKey[]> {
  const text = octets.length > MAX_OCTETS ? undefined : utf8(octets)
  if (text === undefined) return malformed('no text of at most 4 MiB')
  const keys: VerifierKey[] = []
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    const vkey = line.trim()
    if (vkey === '' || vkey.startsWith('#')) continue
    const key = parseLogKey(vkey)
    if (!key.ok) return malformed(`line ${at + 1}: ${key.refusal.found ?? key.refusal.detail}`)
    keys.push(key.value)
  }
  return keys.length <= MAX_LOGS ? ok(keys) : malformed(`more than ${MAX_LOGS} keys`)
}

/** A verifier key that logs sign with. */
export function parseLogKey(vkey: string): Read<VerifierKey> {
  const key = parseVerifierKey(vkey)
  if (key.ok && key.value.type !== signatureType.ed25519) return malformed('a key of a witness')
  return key
}

const malformed = (found: string): Read<never> =>
  refuse('tlog.malformed', 'these are not the keys of logs', {
    wanted: 'one name+id+key of type 1 in a line: capstan status shows it as the log key',
    found,
  })

/** By origin, which is the name of a key: a log that is changing its key has two. */
export function knownLogs(keys: readonly VerifierKey[]): KnownLogs {
  const byOrigin = new Map<string, VerifierKey[]>()
  const seen = new Set<string>()
  for (const key of keys) {
    const text = formatVerifierKey(key)
    if (seen.has(text)) continue
    seen.add(text)
    byOrigin.set(key.name, [...(byOrigin.get(key.name) ?? []), key])
  }
  return (origin) => byOrigin.get(origin)
}
