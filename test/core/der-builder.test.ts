import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { DerBuilder } from '../../src/core/der-builder.js'
import { tlv } from '../../src/core/der-writer.js'

const hexOf = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')

/** A tree of values: what the forward writer makes of it, the builder must make too. */
interface Tree {
  readonly tag: number
  readonly content: Uint8Array | readonly Tree[]
}

const tag = fc.constantFrom(0x04, 0x30, 0x31, 0xa0, 0xa3, 0x0c)
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.record({
    tag,
    content: fc.oneof(
      { depthSize: 'small' },
      fc.uint8Array({ maxLength: 300 }),
      fc.array(tie('tree'), { maxLength: 4 }),
    ),
  }),
}))

function forwards({ tag: at, content }: Tree): Uint8Array {
  return content instanceof Uint8Array ? tlv(at, content) : tlv(at, ...content.map(forwards))
}

function backwards(builder: DerBuilder, { tag: at, content }: Tree): void {
  const since = builder.written
  if (content instanceof Uint8Array) builder.put(content)
  else for (const part of content.toReversed()) backwards(builder, part)
  builder.wrap(at, since)
}

describe('DerBuilder', () => {
  const builder = new DerBuilder()

  it('writes what the forward writer writes', () => {
    fc.assert(
      fc.property(tree, (value) => {
        backwards(builder, value)
        expect(hexOf(builder.take())).toBe(hexOf(forwards(value)))
      }),
      { numRuns: 500 },
    )
  })

  it.each([0, 127, 128, 255, 256, 65_535, 65_536])('writes a length of %d', (length) => {
    builder.put(new Uint8Array(length))
    builder.wrap(0x04, 0)
    expect(hexOf(builder.take())).toBe(hexOf(tlv(0x04, new Uint8Array(length))))
  })

  it('writes text as UTF-8, and ASCII only where it is asked for', () => {
    builder.putUtf8('für')
    expect(hexOf(builder.take())).toBe('66c3bc72')
    builder.putAscii('a.example')
    expect(hexOf(builder.take())).toBe(hexOf(Buffer.from('a.example')))
    expect(() => builder.putAscii('für')).toThrow('not ASCII')
  })

  it('keeps nothing of a value that was given up', () => {
    builder.putUtf8('half a value')
    builder.clear()
    builder.putUtf8('x')
    expect(hexOf(builder.take())).toBe('78')
  })

  it('hands out octets that a later value does not change', () => {
    builder.putUtf8('first')
    const first = builder.take()
    builder.putUtf8('other')
    builder.take()
    expect(Buffer.from(first).toString()).toBe('first')
  })
})
