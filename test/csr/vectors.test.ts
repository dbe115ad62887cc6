import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { publicKeyOf, signatureHolds } from '../../src/ca/x509/signature-algorithm.js'
import { csrFromText } from '../../src/csr/csr-from-text.js'
import { parseCsr } from '../../src/csr/parse-csr.js'
import { verifyCsr } from '../../src/csr/verify-csr.js'
import { csrAlgorithmDifferences, csrDifferences, mbedDifferences } from './vector-differences.js'

const FIXTURES = 'test/fixtures/csr'

function derOf(octets: Uint8Array): Uint8Array | undefined {
  const der = octets[0] === 0x30 ? octets : fromText(octets)
  return typeof der === 'string' ? undefined : der
}

/** DER as it is, anything else through the door for text; the code that was the answer, or `ok`. */
function verdict(octets: Uint8Array): string {
  const der = octets[0] === 0x30 ? octets : fromText(octets)
  if (typeof der === 'string') return der
  const verified = verifyCsr(der)
  return verified.ok ? `ok ${verified.value.keyAlgorithm}` : verified.refusal.code
}

function fromText(octets: Uint8Array): Uint8Array | string {
  const read = csrFromText(Buffer.from(octets).toString('latin1'))
  return read.ok ? read.value : `text: ${read.refusal.code}`
}

const RSA_2048 = 'csr.key-not-allowed'
const RSA_1024 = 'csr.key-not-allowed'
const DSA = 'csr.key-not-allowed'
const MALFORMED = 'csr.malformed'
const all = 'test_csr_v3_all'
const bad = `${all}_malformed`

/** Every published CSR and what becomes of it. */
const expected: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  mbed: {
    'cert_md5.csr': RSA_2048,
    'server1-ms.req.sha256': RSA_2048,
    'server1.csr': RSA_2048,
    'server1.req.cert_type': RSA_2048,
    'server1.req.cert_type_empty': RSA_2048,
    'server1.req.commas.sha256': RSA_2048,
    'server1.req.key_usage': RSA_2048,
    'server1.req.key_usage_empty': RSA_2048,
    'server1.req.ku-ct': RSA_2048,
    'server1.req.md5': RSA_2048,
    'server1.req.sha1': RSA_2048,
    'server1.req.sha224': RSA_2048,
    'server1.req.sha256': RSA_2048,
    'server1.req.sha256.ext': RSA_2048,
    'server1.req.sha384': RSA_2048,
    'server1.req.sha512': RSA_2048,
    'server5.req.ku.sha1': 'csr.bad-signature',
    'server5.req.sha1': 'csr.bad-signature',
    'server5.req.sha224': 'csr.bad-signature',
    'server5.req.sha256': 'ok P-256',
    'server5.req.sha384': 'ok P-256',
    'server5.req.sha512': 'ok P-256',
    // RSASSA-PSS over 1024 bits.
    'server9.req.sha1': RSA_1024,
    'server9.req.sha224': RSA_1024,
    'server9.req.sha256': RSA_1024,
    'server9.req.sha384': RSA_1024,
    'server9.req.sha512': RSA_1024,
    'test-ca-alt.csr': RSA_2048,
    'test-ca.req.sha256': RSA_2048,
    // ecdsa-with-SHA256 with a NULL beside it, which RFC 5758 section 3.2 forbids.
    'test-ca2.req.sha256': 'csr.bad-signature',
    // Its key usage has keyCertSign.
    [`${all}.csr.der`]: 'csr.asks-for-ca',
    // The attribute's type is another: there is no extension request in it.
    [`${bad}_attributes_extension_request.csr.der`]: RSA_1024,
    [`${bad}_attributes_extension_request_sequence_len1.csr.der`]: MALFORMED,
    [`${bad}_attributes_extension_request_sequence_len2.csr.der`]: MALFORMED,
    [`${bad}_attributes_extension_request_sequence_tag.csr.der`]: MALFORMED,
    [`${bad}_attributes_extension_request_set_tag.csr.der`]: MALFORMED,
    [`${bad}_attributes_id_tag.csr.der`]: MALFORMED,
    [`${bad}_attributes_len1.csr.der`]: MALFORMED,
    [`${bad}_attributes_len2.csr.der`]: MALFORMED,
    [`${bad}_attributes_sequence_tag.csr.der`]: MALFORMED,
    [`${bad}_duplicated_extension.csr.der`]: MALFORMED,
    [`${bad}_extension_data_len1.csr.der`]: MALFORMED,
    [`${bad}_extension_data_len2.csr.der`]: MALFORMED,
    [`${bad}_extension_data_tag.csr.der`]: MALFORMED,
    [`${bad}_extension_id_tag.csr.der`]: MALFORMED,
    [`${bad}_extension_key_usage_bitstream_tag.csr.der`]: MALFORMED,
    // The Netscape extension is never read; the key usage beside it is.
    [`${bad}_extension_ns_cert_bitstream_tag.csr.der`]: 'csr.asks-for-ca',
    [`${bad}_extension_subject_alt_name_sequence_tag.csr.der`]: MALFORMED,
    [`${bad}_extension_type_oid.csr.der`]: MALFORMED,
    [`${bad}_extensions_sequence_tag.csr.der`]: MALFORMED,
    'test_csr_v3_keyUsage.csr.der': RSA_1024,
    'test_csr_v3_nsCertType.csr.der': RSA_1024,
    'test_csr_v3_subjectAltName.csr.der': RSA_1024,
  },
  pyca: {
    'bad-version.pem': MALFORMED,
    // These four hold the text of `openssl req -text` before the block.
    'basic_constraints.pem': 'text: csr.malformed',
    'two_basic_constraints.pem': 'text: csr.malformed',
    'unsupported_extension.pem': 'text: csr.malformed',
    'unsupported_extension_critical.pem': 'text: csr.malformed',
    'challenge-invalid.der': MALFORMED,
    'challenge-multi-valued.der': MALFORMED,
    'challenge-unstructured.pem': RSA_2048,
    'challenge.pem': RSA_2048,
    'dsa_sha1.der': DSA,
    'dsa_sha1.pem': DSA,
    'ec_sha256.der': 'ok P-384',
    'ec_sha256.pem': 'ok P-384',
    'ec_sha256_old_header.pem': 'ok P-384',
    // DEFAULT FALSE written out.
    'freeipa-bad-critical.pem': MALFORMED,
    'invalid_signature.pem': RSA_1024,
    'long-form-attribute.pem': MALFORMED,
    'rsa_md4.der': RSA_2048,
    'rsa_md4.pem': RSA_2048,
    'rsa_sha1.der': RSA_2048,
    'rsa_sha1.pem': RSA_2048,
    'rsa_sha256.der': RSA_2048,
    'rsa_sha256.pem': RSA_2048,
    'san_rsa_sha1.der': RSA_2048,
    'san_rsa_sha1.pem': RSA_2048,
  },
}

describe.each(Object.entries(expected))('of the CSRs of %s', (collection, verdicts) => {
  it.each(Object.entries(verdicts))('%s: %s', (file, code) => {
    expect(verdict(readFileSync(`${FIXTURES}/${collection}/${file}`))).toBe(code)
  })

  it('none is left out', () => {
    expect(Object.keys(verdicts).toSorted()).toEqual(
      readdirSync(`${FIXTURES}/${collection}`).toSorted(),
    )
  })
})

/**
 * The verdict of cryptography 43.0.3 (Python) on the same files: it loads, its extensions and
 * attributes can be read, and its signature holds.
 */
const takenByPyca: Readonly<Record<string, readonly string[]>> = {
  mbed: [
    'server1-ms.req.sha256',
    'server1.csr',
    'server1.req.commas.sha256',
    'server1.req.sha224',
    'server1.req.sha256',
    'server1.req.sha256.ext',
    'server1.req.sha384',
    'server1.req.sha512',
    'server5.req.sha224',
    'server5.req.sha256',
    'server5.req.sha384',
    'server5.req.sha512',
    'server9.req.sha1',
    'server9.req.sha224',
    'server9.req.sha256',
    'server9.req.sha384',
    'server9.req.sha512',
    'test-ca-alt.csr',
    'test-ca.req.sha256',
    'test-ca2.req.sha256',
    `${all}.csr.der`,
    'test_csr_v3_keyUsage.csr.der',
    'test_csr_v3_nsCertType.csr.der',
    'test_csr_v3_subjectAltName.csr.der',
  ],
  pyca: [
    'challenge-unstructured.pem',
    'challenge.pem',
    'ec_sha256.der',
    'ec_sha256.pem',
    'ec_sha256_old_header.pem',
    'rsa_sha256.der',
    'rsa_sha256.pem',
  ],
}

describe.each(Object.entries(takenByPyca))(
  'cryptography 43 and we, of the CSRs of %s',
  (name, taken) => {
    const files = Object.keys(expected[name]!)

    it('differ in the files of the table, and in no other', () => {
      const refusedHere = taken.filter((file) => !expected[name]![file]!.startsWith('ok'))
      const listed = csrDifferences.flatMap((difference) => difference.files)
      expect(refusedHere.toSorted()).toEqual(
        files.filter((file) => listed.includes(`${name}/${file}`)).toSorted(),
      )
      const takenHere = files.filter((file) => expected[name]![file]!.startsWith('ok'))
      expect(takenHere.filter((file) => !taken.includes(file))).toEqual([])
      expect(taken.filter((file) => !files.includes(file))).toEqual([])
    })

    /** What is left once the key policy, which refuses most of these old files first, is set aside. */
    it('agree on form and signature as well, but for algorithms of the table', () => {
      const wellSigned = files.filter((file) => {
        const der = derOf(readFileSync(`${FIXTURES}/${name}/${file}`))
        const parsed = der && parseCsr(der)
        if (!parsed?.ok) return false
        const { spki, signatureAlgorithm, signedBytes, signature } = parsed.value
        const key = publicKeyOf(spki)
        return (
          key !== undefined && signatureHolds(signatureAlgorithm.oid, key, signedBytes, signature)
        )
      })
      const otherwise = [...wellSigned, ...taken].filter(
        (file) => wellSigned.includes(file) !== taken.includes(file),
      )
      const listed = csrAlgorithmDifferences.flatMap((difference) => difference.files)
      expect(otherwise.map((file) => `${name}/${file}`).toSorted()).toEqual(
        listed.filter((file) => file.startsWith(`${name}/`)).toSorted(),
      )
    })
  },
)

interface MbedCase {
  readonly name: string
  readonly der_hex?: string
  readonly file?: string
  /** `0` or `0:...`: it parses. */
  readonly result: string
}

describe('parseCsr and the parser of Mbed TLS', () => {
  const cases = JSON.parse(readFileSync(`${FIXTURES}/mbed-expectations.json`, 'utf8')) as MbedCase[]

  it.each(cases)('$name', ({ name, der_hex, file, result }) => {
    const der =
      der_hex === undefined
        ? readFileSync(`${FIXTURES}/mbed/${file!}`)
        : Buffer.from(der_hex, 'hex')
    const agrees = parseCsr(der).ok === /^0(:|$)/.test(result)
    expect(agrees).toBe(mbedDifferences[name] === undefined)
  })

  it('differ in cases that there are', () => {
    const names = new Set(cases.map(({ name }) => name))
    expect(Object.keys(mbedDifferences).filter((name) => !names.has(name))).toEqual([])
  })
})
