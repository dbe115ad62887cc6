import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { CertificateFacts } from './certificate-facts.js'
import type { SubjectAltName } from './leaf.js'

/** What one CA certificate says of the DNS names below it (RFC 5280 section 4.2.1.10). */
export interface DnsConstraints {
  /** Empty: all that is not excluded. */
  readonly permitted: readonly string[]
  readonly excluded: readonly string[]
}

/** Of those certificates that constrain DNS names at all. */
export const dnsConstraintsOf = (all: readonly CertificateFacts[]): readonly DnsConstraints[] =>
  all
    .map(({ nameConstraints }) => ({
      permitted: dnsNames(nameConstraints?.permitted),
      excluded: dnsNames(nameConstraints?.excluded),
    }))
    .filter(({ permitted, excluded }) => permitted.length + excluded.length > 0)

/**
 * Whether a chain with these constraints may carry these names: each name must fit each of them.
 * A verifier refuses a leaf whose names do not, however well it is signed.
 */
export function withinConstraints(
  constraints: readonly DnsConstraints[],
  names: readonly SubjectAltName[],
): Result<undefined, Refusal<'ca.name-not-permitted'>> {
  for (const { permitted, excluded } of constraints) {
    for (const { kind, value } of names) {
      if (kind !== 'dns') continue
      const isPermitted = permitted.length === 0 || permitted.some((each) => isIn(value, each))
      const exclusion = excluded.find((region) => isIn(value, region))
      if (isPermitted && exclusion === undefined) continue
      return refuse('ca.name-not-permitted', "the issuer's name constraints rule out this name", {
        wanted: exclusion === undefined ? permitted.join(', ') : `not in ${exclusion}`,
        found: value,
        next: 'have the issuer made again with room for this name',
      })
    }
  }
  return ok()
}

/** A region is the name itself and all below; with a dot in front, all below; empty, everything. */
function isIn(name: string, region: string): boolean {
  const wanted = region.toLowerCase()
  if (wanted === '' || name === wanted) return true
  return name.endsWith(wanted.startsWith('.') ? wanted : `.${wanted}`)
}

const dnsNames = (
  list: NonNullable<CertificateFacts['nameConstraints']>['permitted'] = [],
): readonly string[] => list.filter(({ kind }) => kind === 'dns').map(({ value }) => value)
