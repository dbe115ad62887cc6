import { tags } from '../core/der-tags.js'

/** The smallest length that needs so many octets, 1 to 3. */
const smallest = (count: number): number => (count === 1 ? 0x80 : count === 2 ? 0x100 : 0x10000)

/**
 * Walks over one DER value that is known beforehand, and stops at the first octet that is not as it
 * should be. Reads without making objects: every leaf is read back before it leaves. A method answers
 * whether the octets were there; after a false the reader is of no further use.
 */
export class LeafReader {
  private readonly octets: Buffer
  private at = 0

  constructor(octets: Uint8Array) {
    this.octets = Buffer.from(octets.buffer, octets.byteOffset, octets.length)
  }

  /** Where the next value begins. */
  get position(): number {
    return this.at
  }

  /** Reads the header of a value of this tag; where its content ends, or -1. */
  enter(tag: number): number {
    const { octets } = this
    if (octets[this.at] !== tag) return -1
    const first = octets[this.at + 1] ?? 0xff
    this.at += 2
    let length = first
    if (first >= 0x80) {
      const count = first & 0x7f
      if (count < 1 || count > 3 || this.at + count > octets.length) return -1
      length = octets.readUIntBE(this.at, count)
      this.at += count
      // Fewer octets would have done (X.690 section 10.1).
      if (length < smallest(count)) return -1
    }
    const end = this.at + length
    return end <= octets.length ? end : -1
  }

  /** Reads the header of a value of this tag that ends exactly there. */
  enterTo(tag: number, end: number): boolean {
    return this.enter(tag) === end
  }

  /** Reads exactly these octets. */
  takes(expected: Uint8Array): boolean {
    const end = this.at + expected.length
    const same =
      end <= this.octets.length &&
      this.octets.compare(expected, 0, expected.length, this.at, end) === 0
    this.at = end
    return same
  }

  /** Reads a value of this tag whose content is this text, in UTF-8. */
  takesText(tag: number, expected: string): boolean {
    const end = this.enter(tag)
    if (end < 0) return false
    const same = this.octets.toString('utf8', this.at, end) === expected
    this.at = end
    return same
  }

  /** Reads an INTEGER that is this positive number: lower-case hex, two digits per octet, minimal. */
  takesInteger(hex: string): boolean {
    const end = this.enter(tags.integer)
    if (end < 0) return false
    // A first bit of one would be a sign (X.690 section 8.3).
    const content = hex < '8' ? hex : `00${hex}`
    const same = this.octets.toString('hex', this.at, end) === content
    this.at = end
    return same
  }

  /** Reads a UTCTime or GeneralizedTime of the form that its year has (RFC 5280 section 4.1.2.5); seconds, or -1. */
  time(): number {
    const tag = this.octets[this.at] ?? 0
    const end = this.enter(tag)
    const yearDigits = tag === tags.utcTime ? 2 : tag === tags.generalizedTime ? 4 : 0
    if (yearDigits === 0 || end !== this.at + yearDigits + 11) return -1
    const short = this.digits(yearDigits)
    const year = yearDigits === 4 ? short : short + (short < 50 ? 2000 : 1900)
    if ((yearDigits === 4) === (year >= 1950 && year < 2050)) return -1
    const [month, day] = [this.digits(2), this.digits(2)]
    const [hour, minute, second] = [this.digits(2), this.digits(2), this.digits(2)]
    if (this.octets[this.at] !== 0x5a) return -1
    this.at += 1
    // NaN, from what is no digit, is not equal to anything that was planned.
    return Date.UTC(year, month - 1, day, hour, minute, second) / 1000
  }

  private digits(count: number): number {
    let value = 0
    for (let index = 0; index < count; index += 1) {
      const digit = (this.octets[this.at] ?? 0) - 0x30
      value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN
      this.at += 1
    }
    return value
  }
}
