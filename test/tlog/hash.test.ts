import { describe, expect, it } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { recordHash } from '../../src/namespace/log-record.js'
import { EMPTY_ROOT, leafHash, nodeHash } from '../../src/tlog/hash.js'
import { consistencyHolds, inclusionHolds } from '../../src/tlog/verify-proof.js'

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')

/** rfc6962/rfc6962_test.go of transparency-dev/merkle. */
describe('hashes of RFC 6962', () => {
  it('of nothing, of a leaf and of a node', () => {
    expect(hex(EMPTY_ROOT)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    expect(hex(leafHash(Buffer.from('')))).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    )
    expect(hex(leafHash(Buffer.from('L123456')))).toBe(
      '395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56',
    )
    expect(hex(nodeHash(Buffer.from('N123'), Buffer.from('N456')))).not.toBe(
      hex(nodeHash(Buffer.from('N12'), Buffer.from('3N456'))),
    )
  })

  it('of a leaf is the hash of a record of the index log, at every length', () => {
    for (const size of [0, 1, 8191, 8192, 8193, 65_535]) {
      const octets = Buffer.alloc(size, 7)
      expect(hex(leafHash(octets))).toBe(recordHash(octets))
    }
  })

  it('is of the UTF-8 of a text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 64 }), (text) => {
        expect(hex(leafHash(text))).toBe(hex(leafHash(Buffer.from(text))))
      }),
    )
  })

  it('of one leaf does not change when the next is hashed', () => {
    const first = leafHash(Buffer.from('a'))
    const before = hex(first)
    leafHash(Buffer.from('b'))
    nodeHash(first, first)
    expect(hex(first)).toBe(before)
  })
})

const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/tlog', name), 'utf8'))
const octets = (text: string | null): Uint8Array => Buffer.from(text ?? '', 'base64')

interface InclusionVector {
  readonly leafIdx: number
  readonly treeSize: number
  readonly root: string
  readonly leafHash: string
  readonly proof: readonly string[] | null
  readonly wantErr: boolean
}
interface ConsistencyVector {
  readonly size1: number
  readonly size2: number
  readonly root1: string
  readonly root2: string
  readonly proof: readonly string[] | null
  readonly wantErr: boolean
}

describe('vectors of transparency-dev/merkle', () => {
  const inclusion = Object.entries(
    fixture('merkle-inclusion.json') as Record<string, InclusionVector>,
  )
  const consistency = Object.entries(
    fixture('merkle-consistency.json') as Record<string, ConsistencyVector>,
  )

  it('are all there, good ones and bad ones', () => {
    expect(inclusion.length + consistency.length).toBe(196)
    expect(inclusion.filter(([, { wantErr }]) => !wantErr).length).toBeGreaterThan(5)
    expect(consistency.filter(([, { wantErr }]) => !wantErr).length).toBeGreaterThan(5)
  })

  it.each(inclusion)('inclusion %s', (_, { leafIdx, treeSize, root, leafHash: leaf, ...rest }) => {
    const head = { size: treeSize, root: octets(root) }
    const path = (rest.proof ?? []).map(octets)
    const holds = inclusionHolds(head, { index: leafIdx, leaf: octets(leaf), path })
    expect(holds).toBe(!rest.wantErr)
  })

  it.each(consistency)('consistency %s', (name, { size1, size2, root1, root2, ...rest }) => {
    const holds = consistencyHolds(
      { size: size1, root: octets(root1) },
      { size: size2, root: octets(root2) },
      (rest.proof ?? []).map(octets),
    )
    // Its roots are the text "don't care 1", which is no hash: it is refused here.
    const isNoHash = name === 'additional/sizes-are-equal-one-and-proof-is-empty'
    expect(holds).toBe(!rest.wantErr && !isNoHash)
  })
})
