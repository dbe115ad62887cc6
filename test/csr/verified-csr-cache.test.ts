import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { octetString } from '../../src/core/der-writer.js'
import { MAX_CSR_BYTES } from '../../src/csr/parse-csr.js'
import { MAX_REMEMBERED_OCTETS, VerifiedCsrCache } from '../../src/csr/verified-csr-cache.js'
import type { VerifiedCsr } from '../../src/csr/verified-csr.js'
import { verifyCsr } from '../../src/csr/verify-csr.js'
import { attribute, commonName, csr, subject } from './make-csr.js'

const named = (name: string): Uint8Array => csr({ subject: subject(commonName(name)) })

function valueOf(result: ReturnType<typeof verifyCsr>): VerifiedCsr {
  if (!result.ok) throw new Error(result.refusal.code)
  return result.value
}

/** With what was last said of each. */
const SIX = new Map<Uint8Array, VerifiedCsr | undefined>(
  ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [named(name), undefined]),
)

/** A CSR of so many octets; an ECDSA signature is sometimes shorter by one. */
function padded(octets: number): Uint8Array {
  const of = (padding: number): Uint8Array =>
    csr({ attributes: [attribute('1.2.3', octetString(new Uint8Array(padding)))] })
  const padding = octets - of(1000).length + 1000
  for (;;) {
    const der = of(padding)
    if (der.length === octets) return der
  }
}

/** `verify`, of a cache in which everything that is verified gets its certificate. */
function cachedVerifyCsr(size: number): typeof verifyCsr {
  const cache = new VerifiedCsrCache(size)
  return (der) => {
    const verified = cache.verify(der)
    if (verified.ok) cache.remember(der, verified.value)
    return verified
  }
}

describe('VerifiedCsrCache', () => {
  it('answers as verifyCsr does', () => {
    const verify = cachedVerifyCsr(4)
    const der = named('a')
    expect(verify(der)).toEqual(verifyCsr(der))
    expect(verify(der)).toEqual(verifyCsr(der))
  })

  it('verifies the same octets once, whatever buffer they are in', () => {
    const verify = cachedVerifyCsr(4)
    const der = named('a')
    const first = valueOf(verify(Uint8Array.from(der)))
    expect(valueOf(verify(Uint8Array.from(der)))).toBe(first)
  })

  it('does not take another CSR of the same key and names for the same', () => {
    const verify = cachedVerifyCsr(4)
    // ECDSA is randomized here: the two differ in their signatures.
    expect(valueOf(verify(named('a')))).not.toBe(valueOf(verify(named('a'))))
  })

  it('looks at every octet: a known CSR with a bad signature is refused', () => {
    const verify = cachedVerifyCsr(4)
    const der = named('a')
    verify(der)
    der[der.length - 1] = der[der.length - 1]! ^ 1
    expect(verify(der)).toMatchObject({ ok: false, refusal: { code: 'csr.bad-signature' } })
  })

  it('is not misled by what the caller does to its buffer afterwards', () => {
    const verify = cachedVerifyCsr(4)
    const [one, other] = [named('a'), named('b')]
    const buffer = new Uint8Array(Math.max(one.length, other.length))
    buffer.set(one)
    const spki = Uint8Array.from(valueOf(verify(buffer.subarray(0, one.length))).spki)
    buffer.set(other)
    expect(valueOf(verify(buffer.subarray(0, other.length))).requested.commonName).toBe('b')
    expect(valueOf(verify(one)).requested.commonName).toBe('a')
    expect(valueOf(verify(one)).spki).toEqual(spki)
  })

  it('keeps nothing of the request that a CSR came in', () => {
    const verify = cachedVerifyCsr(4)
    const request = Buffer.concat([Buffer.from('a bearer token'), named('a')])
    const { spki } = valueOf(verify(request.subarray('a bearer token'.length)))
    expect(spki.buffer.byteLength).toBe(spki.length)
  })

  it('forgets the one not asked for longest', () => {
    const verify = cachedVerifyCsr(2)
    const old = named('old')
    const kept = named('kept')
    const first = { old: valueOf(verify(old)), kept: valueOf(verify(kept)) }
    for (const name of ['c', 'd', 'e', 'f']) {
      verify(named(name))
      expect(valueOf(verify(kept))).toBe(first.kept)
    }
    expect(valueOf(verify(old))).not.toBe(first.old)
  })

  it('remembers as many as it was made for, in turn for ever, and no more', () => {
    const verify = cachedVerifyCsr(3)
    const ders = ['a', 'b', 'c'].map(named)
    const first = ders.map((der) => valueOf(verify(der)))
    for (let turn = 0; turn < 5; turn++) {
      ders.forEach((der, at) => expect(valueOf(verify(der))).toBe(first[at]))
    }
    verify(named('d'))
    ders.slice(1).forEach((der, at) => expect(valueOf(verify(der))).toBe(first[at + 1]))
    expect(valueOf(verify(ders[0]!))).not.toBe(first[0])
  })

  it('is not filled by one that is asked for again and again', () => {
    const verify = cachedVerifyCsr(3)
    const [one, other] = [named('one'), named('other')]
    const first = valueOf(verify(one))
    for (let n = 0; n < 10; n++) verify(other)
    verify(named('c'))
    expect(valueOf(verify(one))).toBe(first)
  })

  it('forgets as a list would in which the latest stands last', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { maxLength: 60 }), (asked) => {
        const cache = new VerifiedCsrCache(3)
        let list: number[] = []
        for (const at of asked) {
          const der = [...SIX.keys()][at]!
          const found = valueOf(cache.verify(der))
          expect(found === SIX.get(der)).toBe(list.includes(at))
          SIX.set(der, found)
          cache.remember(der, found)
          list = [...list.filter((one) => one !== at), at].slice(-3)
        }
      }),
    )
  })

  it('remembers what a proxy sends, and nothing that is larger', () => {
    const verify = cachedVerifyCsr(2)
    const der = padded(MAX_REMEMBERED_OCTETS)
    expect(valueOf(verify(der))).toBe(valueOf(verify(der)))
    const larger = padded(MAX_REMEMBERED_OCTETS + 1)
    expect(valueOf(verify(larger))).not.toBe(valueOf(verify(larger)))
    expect(valueOf(verify(larger))).toEqual(valueOf(verify(larger)))
  })

  it('attack 342: remembers nothing for which no certificate was issued', () => {
    const cache = new VerifiedCsrCache(2)
    const der = named('a')
    const first = valueOf(cache.verify(der))
    expect(valueOf(cache.verify(der))).not.toBe(first)
    cache.remember(der, first)
    for (const name of ['b', 'c', 'd', 'e']) valueOf(cache.verify(named(name)))
    expect(valueOf(cache.verify(der))).toBe(first)
  })

  it('has each in one place, however often a certificate is issued for it', () => {
    const cache = new VerifiedCsrCache(2)
    const [one, other] = [named('one'), named('other')]
    const [first, second] = [valueOf(cache.verify(one)), valueOf(cache.verify(other))]
    cache.remember(one, first)
    for (let n = 0; n < 10; n++) cache.remember(other, second)
    for (let n = 0; n < 10; n++) cache.remember(one, first)
    expect(valueOf(cache.verify(one))).toBe(first)
    expect(valueOf(cache.verify(other))).toBe(second)
  })

  it('remembers no refusal, so that junk displaces nothing', () => {
    const verify = cachedVerifyCsr(2)
    const der = named('a')
    const first = valueOf(verify(der))
    for (let n = 0; n < 10; n++) expect(verify(Uint8Array.of(n)).ok).toBe(false)
    expect(valueOf(verify(der))).toBe(first)
  })

  it('refuses what is too large', () => {
    const verify = cachedVerifyCsr(2)
    const tooLarge = new Uint8Array(MAX_CSR_BYTES + 1)
    expect(verify(tooLarge)).toMatchObject({ refusal: { code: 'csr.too-large' } })
  })
})
