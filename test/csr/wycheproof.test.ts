import type { KeyObject } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { publicKeyOf, signatureHolds } from '../../src/ca/x509/signature-algorithm.js'
import { provenKey } from '../../src/csr/verify-csr.js'
import { type SignatureCase, signatureCases } from '../support/wycheproof.js'
import { acceptable, csrSignatureDifferences } from '../support/wycheproof-differences.js'

/**
 * Wycheproof signs texts, and no CertificationRequestInfo: there is no CSR that carries its
 * signatures. They are put to the function by which `verifyCsr` decides, once it has found key,
 * algorithm, octets and signature in a CSR; and to the one that judges certificates.
 */
const files = [
  { file: 'ecdsa_secp256r1_sha256', oid: '1.2.840.10045.4.3.2', count: 484 },
  { file: 'ecdsa_secp256r1_sha512', oid: '1.2.840.10045.4.3.4', count: 554 },
  { file: 'ecdsa_secp384r1_sha384', oid: '1.2.840.10045.4.3.3', count: 504 },
  { file: 'ed25519', oid: '1.3.101.112', count: 151 },
  { file: 'rsa_signature_2048_sha256', oid: '1.2.840.113549.1.1.11', count: 259 },
  { file: 'rsa_signature_3072_sha256', oid: '1.2.840.113549.1.1.11', count: 259 },
  { file: 'rsa_signature_3072_sha384', oid: '1.2.840.113549.1.1.12', count: 259 },
  { file: 'rsa_signature_3072_sha512', oid: '1.2.840.113549.1.1.13', count: 260 },
] as const

/** Those that are not judged as published. */
const differing = (
  cases: readonly SignatureCase[],
  isGood: (signature: SignatureCase) => boolean,
): number[] =>
  cases
    .filter((signature) => isGood(signature) !== (signature.result === 'valid'))
    .map(({ id }) => id)

describe.each(files)('Wycheproof $file', ({ file, oid, count }) => {
  const cases = signatureCases(file)
  const isRsa = file.startsWith('rsa')

  it('has every case, and is clear about all but those that are listed', () => {
    expect(cases).toHaveLength(count)
    const unclear = cases.filter(({ result }) => result === 'acceptable').map(({ id }) => id)
    expect(unclear).toEqual(isRsa ? acceptable.cases : [])
  })

  it('is judged alike under the key of a CSR, but for the cases in the table', () => {
    const listed = csrSignatureDifferences.find((difference) => difference.file === file)
    const parameters = isRsa ? 'null' : 'absent'
    const found = differing(
      cases,
      ({ publicKeyDer, message, signature }) =>
        provenKey({
          spki: publicKeyDer,
          signatureAlgorithm: { oid, parameters },
          signedBytes: message,
          signature,
        }).ok,
    )
    expect(found).toEqual(listed?.cases ?? [])
  })

  it('is judged alike under the key of a CA', () => {
    const keys = new Map<string, KeyObject | undefined>()
    const keyOf = (der: Uint8Array): KeyObject | undefined => {
      const name = Buffer.from(der).toString('hex')
      if (!keys.has(name)) keys.set(name, publicKeyOf(der))
      return keys.get(name)
    }
    const found = differing(cases, ({ publicKeyDer, message, signature }) => {
      const key = keyOf(publicKeyDer)
      return key !== undefined && signatureHolds(oid, key, message, signature)
    })
    expect(found).toEqual([])
  })
})
