import { parseCanonical } from '../core/canonical-json.js'
import { sha256Hex } from '../core/uid.js'
import type { Binding } from './binding.js'
import { type IssuedThen, no, type NotAllowed } from './not-allowed.js'

/** More than any attestor says. */
const MAX_EVIDENCE_OCTETS = 16_384

/**
 * Are the attested facts those of the record, and what the binding answers to? That they are true, only
 * whoever attested them vouches for.
 */
export function evidenceFault(
  { record, evidence }: Pick<IssuedThen, 'record' | 'evidence'>,
  binding: Binding | undefined,
): NotAllowed | undefined {
  if (evidence === undefined) return undefined
  const digest = sha256Hex(evidence)
  if (digest !== record.attestation) return no('evidence', record.attestation, digest)
  const read = parseCanonical(Buffer.from(evidence), MAX_EVIDENCE_OCTETS)
  const facts = read.ok ? read.value : null
  if (typeof facts !== 'object' || facts === null || Array.isArray(facts)) {
    return no('evidence', 'attested facts', 'no object of canonical JSON')
  }
  const said = (member: string): unknown => (facts as Readonly<Record<string, unknown>>)[member]
  const fits = ((): boolean => {
    switch (said('kind')) {
      case 'k8s':
        return (
          binding?.kind === 'k8s' &&
          said('cluster') === binding.cluster &&
          said('namespace') === binding.namespace &&
          said('serviceAccount') === binding.serviceAccount
        )
      case 'join-token':
        return said('entry') === record.entry && binding === undefined
      case 'renewal':
        return said('entry') === record.entry && said('binding') === record.binding
      default:
        return false
    }
  })()
  return fits
    ? undefined
    : no('evidence', 'facts that the binding answers to', String(said('kind')))
}
