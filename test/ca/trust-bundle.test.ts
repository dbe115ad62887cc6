import { createPublicKey, X509Certificate } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { certificatesFromPem } from '../../src/ca/certificates-from-pem.js'
import { pemBundle, spiffeBundle } from '../../src/ca/trust-bundle.js'
import { renderPem } from '../../src/core/pem.js'
import { seconds } from '../../src/core/time.js'
import { givenHierarchy, valueOf } from './given-authorities.js'

describe('spiffeBundle', () => {
  it.each(['P-256', 'P-384', 'Ed25519', 'RSA-3072'] as const)(
    'holds a %s trust anchor as a key that is the one of its certificate',
    async (anchorKey) => {
      const { anchor } = await givenHierarchy({ anchorKey })
      const bundle = spiffeBundle([anchor], 7, seconds(300))
      expect(bundle).toMatchObject({ spiffe_sequence: 7, spiffe_refresh_hint: 300 })
      const [key] = bundle.keys
      expect(key?.use).toBe('x509-svid')
      // A kid would make it a JWT key to some readers.
      expect(key).not.toHaveProperty('kid')
      expect(key?.x5c).toEqual([Buffer.from(anchor).toString('base64')])
      const jwk = createPublicKey({ key: { ...key }, format: 'jwk' })
      expect(jwk.equals(new X509Certificate(anchor).publicKey)).toBe(true)
    },
    60_000,
  )

  it('has no keys when there is no trust anchor', () => {
    expect(spiffeBundle([], 8, seconds(300)).keys).toEqual([])
  })
})

describe('certificatesFromPem', () => {
  it('reads back what pemBundle writes, in order', async () => {
    const { anchor, certificate } = await givenHierarchy()
    const read = valueOf(certificatesFromPem(pemBundle([anchor, certificate])))
    expect(read.map((der) => Buffer.from(der))).toEqual(
      [anchor, certificate].map((der) => Buffer.from(der)),
    )
  })

  it('passes over what tools write between the blocks', async () => {
    const { anchor, certificate } = await givenHierarchy()
    const text = `Certificate:\n    Data:\n${pemBundle([anchor])}Bag Attributes\r\n${pemBundle([certificate])}\n`
    expect(valueOf(certificatesFromPem(text))).toHaveLength(2)
  })

  it.each([
    { when: 'nothing', text: '' },
    { when: 'text without a block', text: 'hello' },
    { when: 'a block without an end', text: '-----BEGIN CERTIFICATE-----\nMAA=\n' },
    { when: 'a private key among them', text: renderPem('PRIVATE KEY', Uint8Array.of(48, 0)) },
    {
      when: 'a block that is no certificate',
      text: renderPem('CERTIFICATE', Uint8Array.of(48, 0)),
    },
    { when: 'a megabyte of beginnings', text: '-----BEGIN CERTIFICATE-----\n'.repeat(40_000) },
  ])('refuses $when', ({ text }) => {
    expect(certificatesFromPem(text)).toMatchObject({
      ok: false,
      refusal: { code: 'ca.certificate-malformed' },
    })
  })
})
