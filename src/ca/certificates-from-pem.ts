import { certificateDer, type CertificateDer } from '../core/der.js'
import { parsePem } from '../core/pem.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { certificateFacts } from './certificate-facts.js'

const MAX_PEM_CHARACTERS = 262_144

/**
 * The certificates of a PEM file, in its order. What tools write between the blocks (`openssl x509
 * -text`, bag attributes) is passed over; blocks of another kind are not.
 */
export function certificatesFromPem(
  text: string,
): Result<readonly CertificateDer[], Refusal<'ca.certificate-malformed'>> {
  const blocks = text.length > MAX_PEM_CHARACTERS ? undefined : parsePem(blocksOnly(text))
  if (!blocks || blocks.length === 0) return refuseFile('no PEM blocks, or broken ones')
  const certificates: CertificateDer[] = []
  for (const { label, der } of blocks) {
    if (label !== 'CERTIFICATE') return refuseFile(`a block of ${label}`)
    const facts = certificateFacts(der)
    if (!facts.ok) return facts
    certificates.push(certificateDer(der))
  }
  return ok(certificates)
}

const refuseFile = (found: string): ReturnType<typeof refuse<'ca.certificate-malformed'>> =>
  refuse('ca.certificate-malformed', 'not a PEM file of certificates', {
    wanted: 'one or more -----BEGIN CERTIFICATE----- blocks',
    found,
  })

/** Without the lines outside of blocks (RFC 7468 section 2). */
function blocksOnly(text: string): string {
  let isInside = false
  return text
    .split('\n')
    .filter((line) => {
      if (line.startsWith('-----BEGIN ')) isInside = true
      const keep = isInside
      if (line.startsWith('-----END ')) isInside = false
      return keep
    })
    .join('\n')
}
