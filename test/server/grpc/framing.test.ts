import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  encodeMessage,
  framed,
  MessageReader,
  parseTimeout,
} from '../../../src/server/grpc/framing.js'
import { GrpcFailure, type GrpcStatus } from '../../../src/server/grpc/status.js'

const MAX = 1000

/** A request body cut into chunks, as the reader sees it: the message, or the status it fails with. */
function read(chunks: readonly Uint8Array[]): Buffer | GrpcStatus {
  const reader = new MessageReader(MAX)
  for (const chunk of chunks) {
    const failure = reader.push(chunk)
    if (failure) return failure.status
  }
  const message = reader.finish()
  return message instanceof GrpcFailure ? message.status : Buffer.from(message)
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

describe('MessageReader', () => {
  it('puts a message together, however it was cut', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: MAX }),
        fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1 }),
        (message, sizes) => {
          const body = framed(message)
          const chunks: Uint8Array[] = []
          for (let at = 0, turn = 0; at < body.length; turn += 1) {
            const size = sizes[turn % sizes.length]! + (turn % sizes.length === 0 ? 1 : 0)
            chunks.push(body.subarray(at, at + size))
            at += size
          }
          expect(read(chunks)).toEqual(Buffer.from(message))
        },
      ),
    )
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (chunks) => {
        read(chunks)
      }),
    )
  })

  it.each<{ when: string; body: Buffer; status: GrpcStatus }>([
    { when: 'no message', body: hex(''), status: 12 },
    { when: 'half a prefix', body: hex('0000'), status: 3 },
    { when: 'a message cut short', body: hex('000000000361'), status: 3 },
    { when: 'an octet too many', body: hex('00000000016162'), status: 12 },
    {
      when: 'two messages',
      body: Buffer.concat([framed(hex('61')), framed(hex('62'))]),
      status: 12,
    },
    { when: 'two empty messages', body: Buffer.alloc(10), status: 12 },
    { when: 'a compressed message', body: hex('010000000161'), status: 12 },
    { when: 'a prefix that is none', body: hex('020000000161'), status: 3 },
    { when: 'a message of one octet too many', body: framed(Buffer.alloc(MAX + 1)), status: 8 },
    { when: 'a size of 4 GiB, before its octets', body: hex('00ffffffff'), status: 8 },
  ])('refuses $when', ({ body, status }) => {
    expect(read([body])).toBe(status)
    expect(read([...body].map((octet) => Uint8Array.of(octet)))).toBe(status)
  })

  it('takes a message of exactly the greatest size', () => {
    expect(read([framed(Buffer.alloc(MAX, 7))])).toEqual(Buffer.alloc(MAX, 7))
  })

  it('holds copies, and no more of them than a message may have', () => {
    const reader = new MessageReader(MAX)
    const huge = new Uint8Array(10_000_000)
    huge.set([0, 0, 0, 3, 0xe8])
    reader.push(huge)
    expect(reader.room).toBeLessThan(2 * 4096)
  })

  it('holds a copy of a message that is there whole, and no octet more', () => {
    const body = Uint8Array.from(framed(Buffer.from('message')))
    const reader = new MessageReader(MAX)
    reader.push(body)
    body.fill(0)
    expect(reader.room).toBe(body.length)
    expect(Buffer.from(reader.finish() as Uint8Array).toString()).toBe('message')
  })

  it('holds nothing yet for what is announced', () => {
    const reader = new MessageReader(1_000_000)
    reader.push(Buffer.from('00000f4240', 'hex'))
    expect(reader.room).toBeLessThanOrEqual(4096)
  })
})

describe('grpc-timeout', () => {
  it.each<{ text: string; ms: number | undefined }>([
    { text: '1H', ms: 3_600_000 },
    { text: '2M', ms: 120_000 },
    { text: '10S', ms: 10_000 },
    { text: '250m', ms: 250 },
    { text: '5000u', ms: 5 },
    { text: '99999999n', ms: 99.999999 },
    { text: '0S', ms: 0 },
    { text: '99999999H', ms: 99_999_999 * 3_600_000 },
    { text: '123456789S', ms: undefined },
    { text: 'S', ms: undefined },
    { text: '1', ms: undefined },
    { text: '-1S', ms: undefined },
    { text: '1.5S', ms: undefined },
    { text: '1s', ms: undefined },
    { text: ' 1S', ms: undefined },
    { text: '1S\n', ms: undefined },
    { text: '1S1S', ms: undefined },
    { text: '', ms: undefined },
  ])('$text is $ms ms', ({ text, ms }) => {
    const read = parseTimeout(text)
    if (ms === undefined) expect(read).toBeUndefined()
    else expect(read).toBeCloseTo(ms, 6)
  })
})

describe('grpc-message', () => {
  it('is printable ASCII, and decodes to what it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (message) => {
        const text = encodeMessage(message)
        expect(text).toMatch(/^[\x20-\x7e]*$/)
        expect(decodeURIComponent(text)).toBe(message)
      }),
    )
  })

  it('cannot add a header, and survives half a surrogate pair', () => {
    expect(encodeMessage('a\r\ngrpc-status: 0 100%')).toBe('a%0D%0Agrpc-status: 0 100%25')
    expect(encodeMessage('\ud800')).toBe('%EF%BF%BD')
  })

  it('is cut rather than endless', () => {
    expect(encodeMessage('é'.repeat(10_000))).toHaveLength(1024 * 6)
  })
})
