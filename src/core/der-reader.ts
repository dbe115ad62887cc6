import { HIGH_TAG_NUMBER, holdsValues, isPrintable, tags } from './der-tags.js'
import { parseGeneralizedTime, parseUtcTime } from './der-time.js'
import { parseOidOctets } from './oid.js'
import type { UnixSeconds } from './time.js'

/** Not DER, or not the DER that was asked for. Never leaves the parser: `readDer` returns it. */
export class DerError extends Error {
  override readonly name = 'DerError'
}

/** A certificate nests 9 levels deep; ten times less than what would trouble the stack. */
const MAX_DEPTH = 32

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads `bytes` as one DER value: `parse` gets a reader over all of it and must use it up. Returns
 * the `DerError` that stopped it; anything else that `parse` throws goes on.
 */
export function readDer<T>(
  bytes: Uint8Array,
  maxBytes: number,
  parse: (reader: DerReader) => T,
): T | DerError {
  if (bytes.length > maxBytes) return new DerError(`more than ${maxBytes} octets`)
  try {
    const reader = new DerReader(bytes, 0, bytes.length, 0)
    const value = parse(reader)
    reader.end()
    return value
  } catch (error) {
    if (error instanceof DerError) return error
    throw error
  }
}

/** The same for a value inside one that is being read: DER in an OCTET STRING or BIT STRING. Throws. */
export function readInner<T>(octets: Uint8Array, parse: (reader: DerReader) => T): T {
  const value = readDer(octets, octets.length, parse)
  if (value instanceof DerError) throw value
  return value
}

/**
 * A cursor over the values of one level of DER (X.690 section 10). It copies nothing: what it
 * returns are views of the input. Definite minimal lengths and one-octet tags only. A level is read
 * by a function that must use it up, so that no octet goes unread.
 */
export class DerReader {
  private readonly bytes: Uint8Array
  private readonly limit: number
  private readonly depth: number
  private at: number
  /** Where the value that `header` read last begins. */
  private contentAt = 0

  constructor(bytes: Uint8Array, from: number, limit: number, depth: number) {
    if (depth > MAX_DEPTH) throw new DerError(`nested deeper than ${MAX_DEPTH} levels`)
    this.bytes = bytes
    this.at = from
    this.limit = limit
    this.depth = depth
  }

  get more(): boolean {
    return this.at < this.limit
  }

  /** The next value's identifier octet; -1 when there is none. */
  peekTag(): number {
    return this.at < this.limit ? (this.bytes[this.at] ?? -1) : -1
  }

  /** Where the next value begins; for `since`. */
  get offset(): number {
    return this.at
  }

  /** Everything read since then: the exact octets of a value just parsed, for a signature or a hash. */
  since(offset: number): Uint8Array {
    return this.bytes.subarray(offset, this.at)
  }

  /** Throws unless this level has been read to its end. `readDer` and `constructed` call it. */
  end(): void {
    if (this.at !== this.limit) throw new DerError('octets left over')
  }

  /** Reads one constructed value with `parse`. */
  constructed<T>(tag: number, parse: (inner: DerReader) => T): T {
    const until = this.header(tag)
    const inner = new DerReader(this.bytes, this.contentAt, until, this.depth + 1)
    this.at = until
    const value = parse(inner)
    inner.end()
    return value
  }

  sequence<T>(parse: (inner: DerReader) => T): T {
    return this.constructed(tags.sequence, parse)
  }

  set<T>(parse: (inner: DerReader) => T): T {
    return this.constructed(tags.set, parse)
  }

  /** The content octets of a primitive value. */
  primitive(tag: number): Uint8Array {
    const until = this.header(tag)
    this.at = until
    return this.bytes.subarray(this.contentAt, until)
  }

  /** A whole value, header included, whatever it is. Constructed values are well-formed all the way down. */
  any(): Uint8Array {
    const from = this.at
    this.skip()
    return this.since(from)
  }

  /** `any` for who does not want the octets. */
  skip(): void {
    const tag = this.peekTag()
    const holds = holdsValues(tag)
    if (tag === -1) throw new DerError('nothing left to read')
    if (holds === undefined) throw new DerError(`no value of DER begins with ${hex(tag)}`)
    if (holds) this.constructed(tag, skipAll)
    else this.at = this.header(tag)
  }

  boolean(): boolean {
    const content = this.primitive(tags.boolean)
    // X.690 section 11.1: true has all bits set.
    if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) {
      throw new DerError('not a canonical BOOLEAN')
    }
    return content[0] === 0xff
  }

  /** The octets of an INTEGER: two's complement, minimal, at least one. */
  integer(): Uint8Array {
    const content = this.primitive(tags.integer)
    const [first = -1, second = 0] = content
    if (first === -1) throw new DerError('empty INTEGER')
    // X.690 section 8.3.2: the first nine bits are neither all zeros nor all ones.
    if (
      content.length > 1 &&
      ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))
    ) {
      throw new DerError('INTEGER longer than needed')
    }
    return content
  }

  /** An INTEGER from 0 to 2^31 - 1. */
  smallInteger(): number {
    const octets = this.integer()
    if (octets.length > 4 || (octets[0] ?? 0) >= 0x80) throw new DerError('INTEGER out of range')
    let value = 0
    for (const octet of octets) value = value * 256 + octet
    return value
  }

  /** The octets of a positive INTEGER without the sign octet. */
  unsignedInteger(): Uint8Array {
    const octets = this.integer()
    const first = octets[0] ?? 0
    if (first >= 0x80) throw new DerError('negative INTEGER')
    return first === 0 ? octets.subarray(1) : octets
  }

  null(): void {
    if (this.primitive(tags.null).length > 0) throw new DerError('NULL with content')
  }

  /** Dotted decimal, exact for arcs of any size. */
  oid(): string {
    const until = this.header(tags.oid)
    const text = parseOidOctets(this.bytes, this.contentAt, until)
    this.at = until
    if (text === undefined) throw new DerError('not an OBJECT IDENTIFIER')
    return text
  }

  octetString(): Uint8Array {
    return this.primitive(tags.octetString)
  }

  /** A BIT STRING that is whole octets: keys and signatures. */
  bitStringOctets(): Uint8Array {
    const { unusedBits, octets } = this.bitString()
    if (unusedBits !== 0) throw new DerError('BIT STRING of a fraction of an octet')
    return octets
  }

  /** Bit 0 is the most significant bit of the first octet. Unused bits are zero (X.690 section 11.2.1). */
  bitString(): { readonly unusedBits: number; readonly octets: Uint8Array } {
    const content = this.primitive(tags.bitString)
    const unusedBits = content[0] ?? 8
    const octets = content.subarray(1)
    const last = octets[octets.length - 1]
    const fits = last === undefined ? unusedBits === 0 : unusedBits < 8
    if (!fits || ((last ?? 0) & ((1 << unusedBits) - 1)) !== 0) {
      throw new DerError('not a canonical BIT STRING')
    }
    return { unusedBits, octets }
  }

  /** The numbers of the bits that a named bit list sets; it has no trailing zeros (X.690 section 11.2.2). */
  namedBits(): readonly number[] {
    const { unusedBits, octets } = this.bitString()
    const bits: number[] = []
    octets.forEach((octet, at) => {
      for (let bit = 0; bit < 8; bit++) if (octet & (0x80 >> bit)) bits.push(at * 8 + bit)
    })
    if ((bits.at(-1) ?? -1) !== octets.length * 8 - unusedBits - 1) {
      throw new DerError('named bits with trailing zeros')
    }
    return bits
  }

  /** UTF8String, PrintableString or IA5String, each held to its own alphabet. */
  text(): string {
    const tag = this.peekTag()
    switch (tag) {
      case tags.utf8String:
        return decodeUtf8(this.primitive(tag))
      case tags.printableString:
        return decodePrintable(this.primitive(tag))
      case tags.ia5String:
        return this.ascii(tag)
      default:
        throw new DerError('not a string of a known type')
    }
  }

  /** An implicitly tagged IA5String. */
  ascii(tag: number): string {
    const content = this.primitive(tag)
    for (const octet of content) {
      if (octet > 0x7f) throw new DerError('not ASCII')
    }
    return latin1(content)
  }

  /** UTCTime to 2049, GeneralizedTime from 2050; seconds and `Z` always (RFC 5280 section 4.1.2.5). */
  time(): UnixSeconds {
    const tag = this.peekTag() === tags.utcTime ? tags.utcTime : tags.generalizedTime
    const text = latin1(this.primitive(tag))
    const at = tag === tags.utcTime ? parseUtcTime(text) : parseGeneralizedTime(text)
    if (at === undefined) throw new DerError('not a time')
    return at
  }

  /** Reads identifier and length octets of the next value and returns where it ends. */
  private header(tag: number): number {
    const { bytes, limit } = this
    const at = this.at
    if (at >= limit || bytes[at] !== tag) {
      throw new DerError(
        `wanted tag ${hex(tag)}, found ${at < limit ? hex(bytes[at] ?? 0) : 'the end'}`,
      )
    }
    if ((tag & HIGH_TAG_NUMBER) === HIGH_TAG_NUMBER) throw new DerError('tag number above 30')
    if (at + 1 >= limit) throw new DerError('ends inside a header')
    const first = bytes[at + 1] ?? 0
    let length = first
    let contentAt = at + 2
    if (first >= 0x80) {
      const count = first & 0x7f
      // 0x80 is the indefinite form; five octets would be a length beyond any bound.
      if (count === 0 || count > 4) throw new DerError('length not definite, or absurd')
      if (contentAt + count > limit) throw new DerError('ends inside a header')
      length = 0
      for (let i = 0; i < count; i++) length = length * 256 + (bytes[contentAt + i] ?? 0)
      contentAt += count
      if (length < 0x80 || length < 2 ** (8 * (count - 1))) throw new DerError('length not minimal')
    }
    if (length > limit - contentAt) throw new DerError('longer than what holds it')
    this.contentAt = contentAt
    return contentAt + length
  }
}

function skipAll(reader: DerReader): void {
  while (reader.more) reader.skip()
}

const hex = (octet: number): string => `0x${octet.toString(16).padStart(2, '0')}`

const latin1 = (octets: Uint8Array): string =>
  Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('latin1')

function decodeUtf8(octets: Uint8Array): string {
  try {
    return utf8.decode(octets)
  } catch {
    throw new DerError('not UTF-8')
  }
}

function decodePrintable(octets: Uint8Array): string {
  const text = latin1(octets)
  if (!isPrintable(text)) throw new DerError('not a PrintableString')
  return text
}
