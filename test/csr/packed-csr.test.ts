import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { SpkiDer } from '../../src/core/der.js'
import { packCsr, unpackCsr } from '../../src/csr/packed-csr.js'
import type { VerifiedCsr } from '../../src/csr/verified-csr.js'

it('a packed CSR is what it was (property)', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 })
  const texts = fc.array(text, { maxLength: 3 })
  const names = { commonName: text, dns: texts, uris: texts, others: texts }
  const requested = fc.record(names, { noNullPrototype: true })
  const csr = fc.record(
    {
      spki: fc.uint8Array({ maxLength: 200 }).map((octets) => octets as SpkiDer),
      keyAlgorithm: fc.constantFrom('P-256', 'P-384', 'Ed25519', 'RSA'),
      requested,
      challengePassword: text,
    },
    { requiredKeys: ['spki', 'keyAlgorithm', 'requested'], noNullPrototype: true },
  )
  fc.assert(
    fc.property(csr, (value) => {
      const verified = value as unknown as VerifiedCsr
      const packed = packCsr(verified)
      expect(unpackCsr(packed)).toStrictEqual({ ...verified, spki: Uint8Array.from(verified.spki) })
    }),
  )
})
