import { errorCode } from '../core/error-code.js'

const reasons: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'another process listens there'],
  ['EADDRNOTAVAIL', 'this machine has no such address'],
  ['EACCES', 'not permitted'],
])

/** Why nothing is served at an address, in words. */
export function cannotListen(address: string, error: unknown): string {
  const code = errorCode(error)
  const reason = reasons.get(code)
  return `cannot listen on ${address}: ${reason ?? 'it failed'} (${code || 'no code'})`
}
