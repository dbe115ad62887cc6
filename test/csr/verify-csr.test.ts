import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import {
  bitString,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  tlv,
  utf8String,
} from '../../src/core/der-writer.js'
import { verifyCsr } from '../../src/csr/verify-csr.js'
import {
  altNames,
  attribute,
  CHALLENGE_PASSWORD,
  commonName,
  csr,
  dns,
  ed25519,
  extensionRequest,
  info,
  type KeyPair,
  p256,
  p384,
  signatureOids,
  signInfo,
  spkiOf,
  subject,
  uri,
} from './make-csr.js'

const rsa3072: KeyPair = generateKeyPairSync('rsa', { modulusLength: 3072 })
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const L = 2n ** 252n + 27742317777372353535851937790883648493n

const codeOf = (der: Uint8Array): string => {
  const verified = verifyCsr(der)
  return verified.ok ? 'ok' : verified.refusal.code
}

describe('verifyCsr', () => {
  it('says what was asked for, and nothing else of the CSR', () => {
    const der = csr({
      subject: subject(commonName('api.example')),
      attributes: [
        extensionRequest(
          altNames(dns('api.example'), uri('spiffe://acme.example/api'), dns('b.example')),
        ),
        attribute(CHALLENGE_PASSWORD, utf8String('nonce')),
      ],
    })
    expect(verifyCsr(der)).toEqual({
      ok: true,
      value: {
        spki: spkiOf(p256),
        keyAlgorithm: 'P-256',
        requested: {
          commonName: 'api.example',
          dns: ['api.example', 'b.example'],
          uris: ['spiffe://acme.example/api'],
          others: [],
        },
        challengePassword: 'nonce',
      },
    })
  })

  it('is not moved by what happens to the request’s buffer afterwards', () => {
    const der = csr()
    const verified = verifyCsr(der)
    der.fill(0)
    expect(verified.ok && verified.value.spki).toEqual(spkiOf(p256))
  })

  it.each<{ when: string; key: KeyPair; algorithm: string }>([
    { when: 'P-256 with SHA-256', key: p256, algorithm: signatureOids.sha256Ecdsa },
    { when: 'P-256 with SHA-512', key: p256, algorithm: signatureOids.sha512Ecdsa },
    { when: 'P-384 with SHA-384', key: p384, algorithm: signatureOids.sha384Ecdsa },
    { when: 'P-384 with SHA-256', key: p384, algorithm: signatureOids.sha256Ecdsa },
    { when: 'Ed25519', key: ed25519, algorithm: signatureOids.ed25519 },
    { when: 'RSA with SHA-256', key: rsa3072, algorithm: signatureOids.sha256Rsa },
  ])('takes $when', ({ key, algorithm }) => {
    expect(codeOf(csr({ spki: spkiOf(key) }, { key, algorithm }))).toBe('ok')
  })

  it.each<{ when: string; der: () => Uint8Array }>([
    { when: 'SHA-1 with ECDSA', der: () => csr({}, { algorithm: signatureOids.sha1Ecdsa }) },
    {
      when: 'SHA-1 with RSA',
      der: () => csr({ spki: spkiOf(rsa3072) }, { key: rsa3072, algorithm: signatureOids.sha1Rsa }),
    },
    {
      when: 'an algorithm it does not know',
      der: () => csr({}, { algorithm: '1.2.3', signature: new Uint8Array(64) }),
    },
    {
      when: 'the OID of ecdsa-with-SHA256 modulo 2^32',
      der: () => resigned(`1.2.840.10045.4.3.${2n ** 32n + 2n}`),
    },
    { when: 'an RSA algorithm over a P-256 key', der: () => resigned(signatureOids.sha256Rsa) },
    { when: 'Ed25519 over a P-256 key', der: () => resigned(signatureOids.ed25519) },
    { when: 'ECDSA over an Ed25519 key', der: () => csr({ spki: spkiOf(ed25519) }) },
    { when: 'NULL beside ECDSA', der: () => csr({}, { parameters: nullValue() }) },
    {
      when: 'NULL beside Ed25519',
      der: () =>
        csr(
          { spki: spkiOf(ed25519) },
          { key: ed25519, algorithm: signatureOids.ed25519, parameters: nullValue() },
        ),
    },
    {
      when: 'nothing beside RSA',
      der: () =>
        csr(
          { spki: spkiOf(rsa3072) },
          { key: rsa3072, algorithm: signatureOids.sha256Rsa, parameters: new Uint8Array(0) },
        ),
    },
    { when: 'a number beside ECDSA', der: () => csr({}, { parameters: integer(1) }) },
    {
      when: 'a curve beside ECDSA, as beside its key',
      der: () => csr({}, { parameters: oid('1.2.840.10045.3.1.7') }),
    },
    { when: 'a hash named that was not used', der: () => resigned(signatureOids.sha384Ecdsa) },
  ])('refuses $when', ({ der }) => {
    expect(codeOf(der())).toBe('csr.bad-signature')
  })

  it('refuses the signature of another key', () => {
    expect(codeOf(csr({ spki: spkiOf(p384) }, { key: p256 }))).toBe('csr.bad-signature')
    const other: KeyPair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    expect(codeOf(csr({ spki: spkiOf(other) }, { key: p256 }))).toBe('csr.bad-signature')
  })

  it('refuses a signature over another request of the same key', () => {
    const stolen = Uint8Array.from(
      sign('sha256', info({ subject: subject(commonName('a')) }), p256.privateKey),
    )
    expect(codeOf(csr({ subject: subject(commonName('b')) }, { signature: stolen }))).toBe(
      'csr.bad-signature',
    )
  })

  it('refuses a point that is not on its curve as a key', () => {
    const spki = spkiOf(p256)
    spki[spki.length - 1] = spki[spki.length - 1]! ^ 1
    expect(codeOf(csr({ spki }))).toBe('csr.key-not-allowed')
  })
})

describe('verifyCsr says 64 characters of an OID and no more', () => {
  const long = `1.2.3${'.1234567'.repeat(500)}`
  const shown = long.slice(0, 64)
  const curve = (name: Uint8Array): Uint8Array =>
    sequence(sequence(oid('1.2.840.10045.2.1'), name), bitString(new Uint8Array(65)))
  it.each<{ of: string; der: () => Uint8Array; found: string }>([
    {
      of: 'a signature algorithm',
      der: () => resigned(long),
      found: `algorithm ${shown} for a P-256 key`,
    },
    {
      of: 'a key type',
      der: () => csr({ spki: sequence(sequence(oid(long)), bitString(new Uint8Array(32))) }),
      found: `key type ${shown}`,
    },
    { of: 'a curve', der: () => csr({ spki: curve(oid(long)) }), found: `curve ${shown}` },
  ])('$of', ({ der, found }) => {
    const verified = verifyCsr(der())
    expect(verified.ok || verified.refusal.found).toBe(found)
  })
})

/** Signed with ECDSA and SHA-256, whatever it says. */
function resigned(algorithm: string): Uint8Array {
  const signature = Uint8Array.from(sign('sha256', info(), p256.privateKey))
  return signInfo(info(), { algorithm, signature })
}

describe('verifyCsr on malformed signatures', () => {
  const signed = info()
  const good = Uint8Array.from(sign('sha256', signed, p256.privateKey))
  const { r, s } = numbersOf(good)

  const ecdsa: readonly { when: string; signature: Uint8Array }[] = [
    { when: 'empty', signature: new Uint8Array(0) },
    { when: 'r = s = 0', signature: sequence(integer(0), integer(0)) },
    { when: 'r = 0', signature: sequence(integer(0), number(s)) },
    { when: 's = 0', signature: sequence(number(r), integer(0)) },
    { when: 'r = s = 1', signature: sequence(integer(1), integer(1)) },
    { when: 'r = n', signature: sequence(number(N), number(s)) },
    { when: 's = n', signature: sequence(number(r), number(N)) },
    { when: 'r + n', signature: sequence(number(r + N), number(s)) },
    { when: 's + n', signature: sequence(number(r), number(s + N)) },
    { when: '-s', signature: sequence(number(r), tlv(0x02, bigEndian(2n ** 256n - s))) },
    { when: 'r and s swapped', signature: sequence(number(s), number(r)) },
    {
      when: 'a needless zero before r',
      signature: sequence(tlv(0x02, Uint8Array.of(0, 0), bigEndian(r)), number(s)),
    },
    { when: 'a third number', signature: sequence(number(r), number(s), integer(1)) },
    { when: 'octets after it', signature: Uint8Array.of(...good, 0) },
    { when: 'octets inside after s', signature: sequence(number(r), number(s), nullValue()) },
    { when: 'a long-form length', signature: Uint8Array.of(0x30, 0x81, ...good.subarray(1)) },
    {
      when: 'an indefinite length',
      signature: Uint8Array.of(0x30, 0x80, ...good.subarray(2), 0, 0),
    },
    { when: 'a set', signature: Uint8Array.of(0x31, ...good.subarray(1)) },
    { when: 'an octet string', signature: octetString(good) },
    {
      when: 'IEEE P1363',
      signature: Uint8Array.from(
        sign('sha256', signed, { key: p256.privateKey, dsaEncoding: 'ieee-p1363' }),
      ),
    },
    { when: 'cut short', signature: good.subarray(0, -1) },
  ]

  it('takes the one that they are made from', () => {
    expect(codeOf(signInfo(signed, { signature: good }))).toBe('ok')
    expect(codeOf(signInfo(signed, { signature: sequence(number(r), number(s)) }))).toBe('ok')
  })

  it.each(ecdsa)('refuses ECDSA $when', ({ signature }) => {
    expect(codeOf(signInfo(signed, { signature }))).toBe('csr.bad-signature')
  })

  it('refuses Ed25519 with S + L, and any length but 64', () => {
    const request = info({ spki: spkiOf(ed25519) })
    const signature = Uint8Array.from(sign(null, request, ed25519.privateKey))
    const verdict = (octets: Uint8Array): string =>
      codeOf(signInfo(request, { algorithm: signatureOids.ed25519, signature: octets }))
    const bigS = BigInt(`0x${Buffer.from(signature.slice(32).reverse()).toString('hex')}`) + L
    const malleated = Uint8Array.of(...signature.subarray(0, 32), ...bigEndian(bigS, 32).reverse())
    expect(verdict(signature)).toBe('ok')
    expect(verdict(malleated)).toBe('csr.bad-signature')
    expect(verdict(signature.subarray(0, 63))).toBe('csr.bad-signature')
    expect(verdict(Uint8Array.of(...signature, 0))).toBe('csr.bad-signature')
  })

  it('would have been fooled by a key of small order', () => {
    // y = 1: the neutral element. R = B * 0 and S = 0 fit every message under it.
    const neutral = Uint8Array.of(1, ...new Uint8Array(31))
    const spki = Uint8Array.of(...spkiOf(ed25519).subarray(0, 12), ...neutral)
    const forged = Uint8Array.of(1, ...new Uint8Array(63))
    const request = info({ spki })
    expect(
      verify(null, request, { key: Buffer.from(spki), format: 'der', type: 'spki' }, forged),
    ).toBe(true)
    expect(codeOf(signInfo(request, { algorithm: signatureOids.ed25519, signature: forged }))).toBe(
      'csr.key-not-allowed',
    )
  })

  it.each([0, 1, 383, 385, 10_000])('refuses an RSA signature of %d octets', (length) => {
    const request = info({ spki: spkiOf(rsa3072) })
    const signature = new Uint8Array(length).fill(1)
    expect(codeOf(signInfo(request, { algorithm: signatureOids.sha256Rsa, signature }))).toBe(
      'csr.bad-signature',
    )
  })
})

function number(n: bigint): Uint8Array {
  return integer(bigEndian(n))
}

function bigEndian(n: bigint, octets = 0): Uint8Array {
  const text = n.toString(16)
  const even = text.length % 2 === 0 ? text : `0${text}`
  return Uint8Array.from(Buffer.from(even.padStart(octets * 2, '0'), 'hex'))
}

function numbersOf(signature: Uint8Array): { r: bigint; s: bigint } {
  const rLength = signature[3]!
  const hex = (from: number, to?: number): bigint =>
    BigInt(`0x${Buffer.from(signature.slice(from, to)).toString('hex')}`)
  return { r: hex(4, 4 + rLength), s: hex(6 + rLength) }
}
