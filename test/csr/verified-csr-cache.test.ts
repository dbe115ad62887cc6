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

const SIX = ['a', 'b', 'c', 'd', 'e', 'f'].map(named)

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

/** A cache, and what it had to verify because it did not know it. */
function cacheOf(size: number) {
  let verified = 0
  const cache = new VerifiedCsrCache(size, (der) => {
    verified += 1
    return verifyCsr(der)
  })
  return {
    cache,
    /** It gets a certificate if it is good. */
    verify: (der: Uint8Array) => {
      const found = cache.verify(der)
      if (found.ok) cache.remember(der, found.value)
      return found
    },
    /** Is this good one known? It gets no certificate. */
    knows: (der: Uint8Array): boolean => {
      const before = verified
      valueOf(cache.verify(der))
      return verified === before
    },
    /** The same of one that gets a certificate. */
    knew: (der: Uint8Array): boolean => {
      const before = verified
      cache.remember(der, valueOf(cache.verify(der)))
      return verified === before
    },
  }
}

describe('VerifiedCsrCache', () => {
  it('answers as verifyCsr does, what it knows too', () => {
    const { verify, knows } = cacheOf(4)
    const der = named('a')
    expect(verify(der)).toEqual(verifyCsr(der))
    expect(verify(der)).toEqual(verifyCsr(der))
    expect(knows(der)).toBe(true)
  })

  it('verifies the same octets once, whatever buffer they are in', () => {
    const { knew } = cacheOf(4)
    const der = named('a')
    expect(knew(Uint8Array.from(der))).toBe(false)
    expect(knew(Uint8Array.from(der))).toBe(true)
  })

  it('does not take another CSR of the same key and names for the same', () => {
    const { knew } = cacheOf(4)
    // ECDSA is randomized here: the two differ in their signatures.
    expect([knew(named('a')), knew(named('a'))]).toEqual([false, false])
  })

  it('looks at every octet: a known CSR with a bad signature is refused', () => {
    const { verify } = cacheOf(4)
    const der = named('a')
    verify(der)
    der[der.length - 1] = der[der.length - 1]! ^ 1
    expect(verify(der)).toMatchObject({ ok: false, refusal: { code: 'csr.bad-signature' } })
  })

  it('is not misled by what the caller does to its buffer afterwards', () => {
    const { verify } = cacheOf(4)
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
    const { verify } = cacheOf(4)
    const request = Buffer.concat([Buffer.from('a bearer token'), named('a')])
    for (let turn = 0; turn < 2; turn++) {
      const { spki } = valueOf(verify(request.subarray('a bearer token'.length)))
      expect(spki.buffer.byteLength).toBe(spki.length)
    }
  })

  it('forgets the one not asked for longest', () => {
    const { knew } = cacheOf(2)
    const [old, kept] = [named('old'), named('kept')]
    knew(old)
    knew(kept)
    for (const name of ['c', 'd', 'e', 'f']) {
      knew(named(name))
      expect(knew(kept)).toBe(true)
    }
    expect(knew(old)).toBe(false)
  })

  it('remembers as many as it was made for, in turn for ever, and no more', () => {
    const { knew } = cacheOf(3)
    const ders = ['a', 'b', 'c'].map(named)
    ders.forEach(knew)
    for (let turn = 0; turn < 5; turn++) expect(ders.map(knew)).toEqual([true, true, true])
    knew(named('d'))
    expect(ders.slice(1).map(knew)).toEqual([true, true])
    expect(knew(ders[0]!)).toBe(false)
  })

  it('is not filled by one that is asked for again and again', () => {
    const { knew } = cacheOf(3)
    const [one, other] = [named('one'), named('other')]
    knew(one)
    for (let n = 0; n < 10; n++) knew(other)
    knew(named('c'))
    expect(knew(one)).toBe(true)
  })

  it('forgets as a list would in which the latest stands last', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { maxLength: 60 }), (asked) => {
        const { knew } = cacheOf(3)
        let list: number[] = []
        for (const at of asked) {
          expect(knew(SIX[at]!)).toBe(list.includes(at))
          list = [...list.filter((one) => one !== at), at].slice(-3)
        }
      }),
    )
  })

  it('remembers what a proxy sends, and nothing that is larger', () => {
    const { knew } = cacheOf(2)
    const der = padded(MAX_REMEMBERED_OCTETS)
    expect([knew(der), knew(der)]).toEqual([false, true])
    const larger = padded(MAX_REMEMBERED_OCTETS + 1)
    expect([knew(larger), knew(larger)]).toEqual([false, false])
  })

  it('attack 342: remembers nothing for which no certificate was issued', () => {
    const { cache, knows } = cacheOf(2)
    const der = named('a')
    expect([knows(der), knows(der)]).toEqual([false, false])
    cache.remember(der, valueOf(cache.verify(der)))
    for (const name of ['b', 'c', 'd', 'e']) knows(named(name))
    expect(knows(der)).toBe(true)
  })

  it('has each in one place, however often a certificate is issued for it', () => {
    const { cache, knows } = cacheOf(2)
    const [one, other] = [named('one'), named('other')]
    const [first, second] = [valueOf(cache.verify(one)), valueOf(cache.verify(other))]
    cache.remember(one, first)
    for (let n = 0; n < 10; n++) cache.remember(other, second)
    for (let n = 0; n < 10; n++) cache.remember(one, first)
    expect([knows(one), knows(other)]).toEqual([true, true])
    expect(cache.verify(one)).toEqual({ ok: true, value: first })
    expect(cache.verify(other)).toEqual({ ok: true, value: second })
  })

  it('remembers no refusal, so that junk displaces nothing', () => {
    const { verify, knew } = cacheOf(2)
    const der = named('a')
    knew(der)
    for (let n = 0; n < 10; n++) expect(verify(Uint8Array.of(n)).ok).toBe(false)
    expect(knew(der)).toBe(true)
  })

  it('refuses what is too large', () => {
    const { verify } = cacheOf(2)
    const tooLarge = new Uint8Array(MAX_CSR_BYTES + 1)
    expect(verify(tooLarge)).toMatchObject({ refusal: { code: 'csr.too-large' } })
  })
})
