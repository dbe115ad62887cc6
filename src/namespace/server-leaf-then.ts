import { isWorkloadName, parseDnsName } from '../core/names.js'
import { LEAF_BACKDATE } from '../core/time.js'
import { MAX_TTL } from './envelope.js'
import { type IssuedThen, no, type NotAllowed } from './not-allowed.js'

/** No leaf is issued for longer; it begins a little before that. */
const LONGEST = MAX_TTL + LEAF_BACKDATE

/** The one name of the CA itself in a region of workloads: that of Linkerd's identity service. */
const IDENTITY_SERVICE = /^linkerd-identity\.([a-z0-9-]+)\.serviceaccount\.identity\.\1\./

/**
 * A certificate that no entry answers for is one of the CA's own listeners, and nothing that a workload
 * could be taken for: no governed identity, no SPIFFE ID, no workload's name, no client.
 */
export function serverLeafFault({
  certificate,
}: Pick<IssuedThen, 'certificate'>): NotAllowed | undefined {
  const claims = certificate?.claims
  if (!claims) return undefined
  const { identity, subject, usages, notBefore, notAfter, keyAlgorithm } = claims
  if (identity !== undefined) return no('server-leaf', 'no governed identity', identity)
  if (subject !== '') return no('server-leaf', 'no subject', subject)
  if (usages.join() !== 'serverAuth') return no('server-leaf', 'serverAuth', usages.join(', '))
  const lasts = notAfter - notBefore + 1
  if (lasts > LONGEST) return no('server-leaf', `at most ${LONGEST} seconds`, lasts)
  if (keyAlgorithm === undefined) return no('server-leaf', 'a key that a leaf may carry', undefined)
  const governed = claims.names.find(
    ({ kind, value }) =>
      (kind !== 'dns' && kind !== 'ip') ||
      // Verifiers take upper case for lower case: a name in any other form is none of a host.
      (kind === 'dns' && parseDnsName(value) === undefined) ||
      (isWorkloadName(value) && !IDENTITY_SERVICE.test(value)),
  )
  return governed && no('server-leaf', 'host names and addresses', governed.value)
}
