import { describe, expect, it } from '@jest/globals'
import { canonicalize } from '../../src/core/canonical-json.js'
import { sha256Hex } from '../../src/core/uid.js'
import {
  isSignatureOf,
  isSignedBy,
  MAX_ENVELOPE_BYTES,
  open,
  payloadTypes,
  preAuthEncoding,
  seal,
  statementDigest,
} from '../../src/namespace/dsse.js'
import { T0 } from '../support/fake-clock.js'
import { TestVoter } from '../support/voters.js'

const ann = new TestVoter('ann')
const bob = new TestVoter('bob', 'ES256')
const [ofAnn, ofBob] = [ann, bob].map((one) => one.key('a'.repeat(64), T0))
const statement = { v: 1, says: 'something' }
const type = payloadTypes.withdrawal
const signed = ann.envelope(type, statement)

const changed = (change: Record<string, unknown>): Uint8Array =>
  Buffer.from(
    canonicalize({ ...(JSON.parse(Buffer.from(signed).toString()) as object), ...change }),
  )

describe('what is signed', () => {
  it('is the kind of statement and the statement, each with its length (DSSE 1.0)', () => {
    const bytes = preAuthEncoding('http://example.com/HelloWorld', Buffer.from('hello world'))
    expect(Buffer.from(bytes).toString()).toBe(
      'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
    )
    // Lengths are of octets.
    expect(Buffer.from(preAuthEncoding('ä', Buffer.from('ö'))).toString()).toBe('DSSEv1 2 ä 2 ö')
  })

  it('has a digest that does not depend on who signs it', async () => {
    const { envelope, digest } = await seal(type, statement, {
      sign: (bytes) => Promise.resolve(bob.signature(bytes)),
    })
    expect(digest).toBe(open(signed)?.digest)
    expect(digest).toBe(statementDigest(type, statement))
    const octets = preAuthEncoding(type, Buffer.from(canonicalize(statement)))
    expect(digest).toBe(sha256Hex(octets))
    expect(isSignedBy(open(envelope)!, [ofBob!])).toBe(true)
    expect(isSignedBy(open(envelope)!, [ofAnn!])).toBe(false)
  })

  it('has a kind of its own for each statement', () => {
    const kinds = Object.values(payloadTypes)
    expect(new Set(kinds).size).toBe(kinds.length)
    expect(kinds.filter((kind) => !kind.startsWith('application/vnd.'))).toEqual([])
    expect(kinds.filter((kind) => !kind.endsWith('+json'))).toEqual([])
  })
})

describe('an envelope', () => {
  it('is opened as what it says', () => {
    const opened = open(signed)
    expect(opened?.payloadType).toBe(type)
    expect(Buffer.from(opened!.payload).toString()).toBe(canonicalize(statement))
    expect(opened?.signatures).toHaveLength(1)
    expect(opened?.signatures[0]).toHaveLength(64)
  })

  it.each<[string, Record<string, unknown>]>([
    ['another member', { keyid: '' }],
    ['no payload', { payload: undefined }],
    ['no kind', { payloadType: undefined }],
    ['no signatures', { signatures: undefined }],
    ['a kind that is no text', { payloadType: 1 }],
    ['a payload that is no text', { payload: 1 }],
    ['a payload that is no base64', { payload: '*' }],
    ['an empty list of signatures', { signatures: [] }],
    ['signatures that are no list', { signatures: { sig: '' } }],
    ['a signature that is a text', { signatures: ['AA=='] }],
    ['a signature that is nothing', { signatures: [null] }],
    ['a signature that is a list', { signatures: [['AA==']] }],
    ['a signature without octets', { signatures: [{}] }],
    ['a signature of another name', { signatures: [{ signature: 'AA==' }] }],
    ['a signature with a member beside it', { signatures: [{ sig: 'AA==', keyid: '' }] }],
    ['a signature that is no base64', { signatures: [{ sig: 'AA' }] }],
    ['a signature that is a number', { signatures: [{ sig: 1 }] }],
    ['one of two signatures that is none', { signatures: [{ sig: 'AA==' }, {}] }],
  ])('is not opened with %s', (_, change) => {
    const members = Object.entries(change).filter(([, value]) => value === undefined)
    const { ...whole } = JSON.parse(Buffer.from(changed({})).toString()) as Record<string, unknown>
    const left = members.map(([name]) => name)
    const rest = Object.entries({ ...whole, ...change }).filter(([name]) => !left.includes(name))
    expect(open(Buffer.from(canonicalize(Object.fromEntries(rest))))).toBeUndefined()
    expect(open(changed({}))).toBeDefined()
  })

  it.each(['null', '[]', '""', '1', '', '{'])('is no %s', (text) => {
    expect(open(Buffer.from(text))).toBeUndefined()
  })

  it('is not read when it is longer than any statement', () => {
    const payloadOf = (octets: number): string => Buffer.alloc(octets).toString('base64')
    const spare = MAX_ENVELOPE_BYTES - changed({ payload: '' }).length
    const most = Math.floor(spare / 4) * 3
    expect(open(changed({ payload: payloadOf(most) }))).toBeDefined()
    expect(open(changed({ payload: payloadOf(most + 3) }))).toBeUndefined()
  })
})

describe('a signature', () => {
  const octets = preAuthEncoding(type, Buffer.from(canonicalize(statement)))

  it('is of 64 octets, by the key that says how it signs', () => {
    for (const [by, key] of [
      [ann, ofAnn!],
      [bob, ofBob!],
    ] as const) {
      const signature = by.signature(octets)
      expect(isSignatureOf(key, octets, signature)).toBe(true)
      expect(isSignatureOf(key, octets, Buffer.concat([signature, Buffer.alloc(1)]))).toBe(false)
      expect(isSignatureOf(key, octets, signature.subarray(1))).toBe(false)
      expect(isSignatureOf(key, octets, Buffer.alloc(64))).toBe(false)
      expect(isSignatureOf(key, Buffer.concat([octets, octets]), signature)).toBe(false)
    }
  })

  it("is nobody's under what is no key that may vote", () => {
    const key = { ...ofAnn!, thumbprint: 'A'.repeat(43) }
    expect(isSignatureOf(key, octets, ann.signature(octets))).toBe(false)
  })

  it('is alone in its envelope, and by one of these keys', () => {
    const opened = open(signed)!
    expect(isSignedBy(opened, [ofBob!, ofAnn!])).toBe(true)
    expect(isSignedBy(opened, [ofBob!])).toBe(false)
    expect(isSignedBy(opened, [])).toBe(false)
    const [sig] = opened.signatures
    expect(isSignedBy({ ...opened, signatures: [sig!, sig!] }, [ofAnn!])).toBe(false)
    expect(isSignedBy({ ...opened, signatures: [] }, [ofAnn!])).toBe(false)
  })
})
