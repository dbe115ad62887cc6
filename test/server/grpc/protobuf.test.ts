import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { fileURLToPath } from 'node:url'
import * as protoLoader from '@grpc/proto-loader'
import {
  readCertifyRequest,
  writeCertifyResponse,
} from '../../../src/server/grpc/identity-messages.js'
import { readFields, varintField } from '../../../src/server/grpc/protobuf.js'
import { unixSeconds } from '../../../src/core/time.js'

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../fixtures/proto/${name}`, import.meta.url))
const definition = protoLoader.loadSync(fixture('identity.proto'), {
  keepCase: true,
  defaults: true,
  longs: Number,
})
const { Certify: oracle } = definition['io.linkerd.proxy.identity.Identity'] as unknown as Record<
  'Certify',
  protoLoader.MethodDefinition<object, object>
>

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const octets = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))

describe('a CertifyRequest', () => {
  it('reads what protobufjs writes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), octets, octets, (identity, token, csr) => {
        const wire = oracle.requestSerialize({ identity, token, certificate_signing_request: csr })
        const read = readCertifyRequest(wire)
        expect(read?.identity).toBe(identity)
        expect(Buffer.from(read!.token)).toEqual(token)
        expect(Buffer.from(read!.csr)).toEqual(csr)
      }),
    )
  })

  it('never throws, and agrees with protobufjs wherever it reads anything', () => {
    const noise = fc.oneof(
      octets,
      // Nearly right: a good message with a few octets changed.
      fc
        .tuple(octets, octets, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
        .map(([token, csr, edits]) => {
          const wire = Buffer.from(
            oracle.requestSerialize({ identity: 'a', token, certificate_signing_request: csr }),
          )
          for (const [at, octet] of edits) if (wire.length > 0) wire[at % wire.length] = octet
          return wire
        }),
    )
    fc.assert(
      fc.property(noise, (wire) => {
        const read = readCertifyRequest(wire)
        if (!read) return
        expect(oracle.requestDeserialize(wire)).toEqual({
          identity: read.identity,
          token: Buffer.from(read.token),
          certificate_signing_request: Buffer.from(read.csr),
        })
      }),
      { numRuns: 2000 },
    )
  })

  it.each<{ when: string; wire: string; identity: string }>([
    { when: 'is empty when there are no octets', wire: '', identity: '' },
    { when: 'takes the last of two values', wire: '0a0161 0a0162', identity: 'b' },
    { when: 'takes a last value that is empty', wire: '0a0161 0a00', identity: '' },
    { when: 'skips unknown varints', wire: '2001 0a0161', identity: 'a' },
    { when: 'skips unknown bytes', wire: '2202ffff 0a0161', identity: 'a' },
    { when: 'skips unknown 64-bit values', wire: '21 0102030405060708 0a0161', identity: 'a' },
    { when: 'skips unknown 32-bit values', wire: '25 01020304 0a0161', identity: 'a' },
    { when: 'reads the greatest varint', wire: '20 ffffffffffffffffff01 0a0161', identity: 'a' },
    { when: 'reads the greatest field number', wire: 'f8ffffff0f01 0a0161', identity: 'a' },
    { when: 'keeps a byte order mark', wire: '0a04efbbbf61', identity: '\ufeffa' },
  ])('$when', ({ wire, identity }) => {
    expect(readCertifyRequest(hex(wire))?.identity).toBe(identity)
  })

  it.each<{ when: string; wire: string }>([
    { when: 'a key without a value', wire: '0a' },
    { when: 'a length past the end', wire: '0a02 61' },
    { when: 'a length of 2^64 - 1', wire: '0a ffffffffffffffffff01' },
    { when: 'a length of 2^53 + 1', wire: '0a 8180808080808010' },
    { when: 'a string field sent as a varint', wire: '0801' },
    { when: 'a bytes field sent as a varint', wire: '1001' },
    { when: 'a bytes field sent as 32 bits', wire: '1d 01020304' },
    { when: 'a wrong wire type that a right one follows', wire: '0801 0a0161' },
    { when: 'field number 0', wire: '0001' },
    { when: 'a field number past 2^29 - 1', wire: '8080808010 01' },
    { when: 'a key past 32 bits', wire: '8a8080808010 00' },
    { when: 'a group', wire: '23 24' },
    { when: 'a group end', wire: '24' },
    { when: 'wire type 6', wire: '26' },
    { when: 'wire type 7', wire: '27' },
    { when: 'a varint of eleven octets', wire: '20 8080808080808080808001' },
    { when: 'a varint above 2^64 - 1', wire: '20 ffffffffffffffffff02' },
    { when: 'a varint that never ends', wire: '20 80' },
    { when: 'a length spelt with an octet too many', wire: '0a8100 61' },
    { when: 'a key spelt with an octet too many', wire: '8a00 0161' },
    { when: 'a string that is not UTF-8', wire: '0a01 ff' },
    { when: 'an overlong UTF-8 sequence', wire: '0a02 c0af' },
    { when: 'a surrogate in UTF-8', wire: '0a03 eda080' },
    { when: 'a bad string that a good one follows', wire: '0a01ff 0a0161' },
    { when: '64 bits cut short', wire: '21 01020304' },
    { when: '32 bits cut short', wire: '25 010203' },
  ])('refuses $when', ({ wire }) => {
    expect(readCertifyRequest(hex(wire))).toBeUndefined()
  })

  it('refuses more than 64 fields', () => {
    const field = hex('2001')
    expect(readFields(Buffer.concat(Array<Buffer>(64).fill(field)))).toHaveLength(64)
    expect(readFields(Buffer.concat(Array<Buffer>(65).fill(field)))).toBeUndefined()
  })
})

describe('a CertifyResponse', () => {
  it('is read back by protobufjs', () => {
    const instant = fc.integer({ min: 0, max: 253_402_300_799 }).map(unixSeconds)
    fc.assert(
      fc.property(
        octets,
        fc.array(octets, { maxLength: 5 }),
        instant,
        (leaf, chain, validUntil) => {
          const wire = writeCertifyResponse({ leaf, intermediates: chain, validUntil })
          expect(oracle.responseDeserialize(Buffer.from(wire))).toEqual({
            leaf_certificate: leaf,
            intermediate_certificates: chain,
            valid_until: { seconds: validUntil, nanos: 0 },
          })
        },
      ),
    )
  })

  it.each([-1, 0.5, Number.NaN, 2 ** 53])('does not write %p as a varint', (value) => {
    expect(() => varintField(1, value)).toThrow(RangeError)
  })
})
