import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { RequestedNames } from './verified-csr.js'

interface GrantedName {
  readonly kind: 'dns' | 'uri'
  readonly value: string
}

/**
 * A CSR may ask for less than the grant, never for more: every DNS and URI SAN is granted as the
 * same kind and character for character, there are no names of another kind, and the common name is
 * empty or a granted value.
 */
export function asksOnlyFor(
  requested: RequestedNames,
  granted: readonly GrantedName[],
): Result<undefined, Refusal<'csr.other-names'>> {
  const isGranted = (kind: GrantedName['kind'], value: string): boolean =>
    granted.some((name) => name.kind === kind && name.value === value)
  const { commonName } = requested
  const cnIsFree = commonName === '' || granted.some((name) => name.value === commonName)
  const beyond = [
    ...(cnIsFree ? [] : [`common name ${quote(commonName)}`]),
    ...requested.dns.filter((dns) => !isGranted('dns', dns)).map((dns) => `DNS ${quote(dns)}`),
    ...requested.uris.filter((uri) => !isGranted('uri', uri)).map((uri) => `URI ${quote(uri)}`),
    ...requested.others.map((kind) => `a name of kind ${kind}`),
  ]
  if (beyond.length === 0) return ok()
  return refuse('csr.other-names', 'the CSR asks for names beyond the grant', {
    wanted: granted.map((name) => name.value).join(', '),
    found: beyond.slice(0, 3).join(', '),
  })
}

/** Fit for one line of a log, whatever it holds. */
const quote = (text: string): string => JSON.stringify(text.slice(0, 255))
