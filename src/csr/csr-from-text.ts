import { type CsrDer, csrDer } from '../core/der.js'
import { parseBase64, parsePem } from '../core/pem.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { MAX_CSR_BYTES } from './parse-csr.js'

/** Base64 has 4 characters for 3 octets; the rest is for line ends, and for the two lines around. */
const MAX_TEXT = 2 * MAX_CSR_BYTES

/** RFC 7468 section 7; the second is what Microsoft's and old Netscape's tools write. */
const LABELS = ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST']

/** One PEM block and nothing else, or base64 of the DER. The DER itself is not looked at. */
export function csrFromText(
  text: string,
): Result<CsrDer, Refusal<'csr.malformed' | 'csr.too-large'>> {
  if (text.length > MAX_TEXT) {
    return refuse('csr.too-large', 'the CSR is larger than any that is needed', {
      wanted: `at most ${MAX_TEXT} characters`,
      found: `${text.length} characters`,
    })
  }
  const der = text.includes('-----')
    ? onlyRequest(text)
    : parseBase64(text.replaceAll(/[\t\n\r ]/g, ''))
  if (der !== undefined) return ok(csrDer(der))
  return refuse('csr.malformed', 'not a CSR in PEM or base64', {
    wanted: `one "-----BEGIN ${LABELS[0]}-----" block with nothing before, after or beside it, or base64 of the DER`,
  })
}

function onlyRequest(text: string): Uint8Array | undefined {
  const blocks = parsePem(text)
  const [block] = blocks ?? []
  const isAlone = blocks?.length === 1 && block !== undefined
  return isAlone && LABELS.includes(block.label) ? block.der : undefined
}
