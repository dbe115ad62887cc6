/** Enough for a leaf with two names and an RSA key; it doubles when it is not. */
const FIRST_ROOM = 4096

/**
 * Writes one DER value from its last octet to its first: a length is known when its turn comes, and
 * nothing is written twice. For what is encoded thousands of times a second; `der-writer.ts` reads
 * better, and is for everything else. One at a time: `take` ends a value and begins the next.
 */
export class DerBuilder {
  private room = Buffer.allocUnsafeSlow(FIRST_ROOM)
  private at = FIRST_ROOM

  /** Octets written so far: what `wrap` counts from. */
  get written(): number {
    return this.room.length - this.at
  }

  /** Puts whole values, or content octets, before what is written. */
  put(octets: Uint8Array): void {
    this.reserve(octets.length)
    this.at -= octets.length
    this.room.set(octets, this.at)
  }

  /** Puts the octets of a text of ASCII characters alone; throws on any other. */
  putAscii(text: string): void {
    this.reserve(text.length)
    this.at -= text.length
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index)
      if (code > 0x7f) throw new TypeError('not ASCII')
      this.room[this.at + index] = code
    }
  }

  /** Puts the UTF-8 octets of a text. */
  putUtf8(text: string): void {
    const length = Buffer.byteLength(text)
    this.reserve(length)
    this.at -= length
    this.room.write(text, this.at)
  }

  /** Makes what was written since `written` was `since` the content of a value of this tag. */
  wrap(tag: number, since: number): void {
    this.reserve(6)
    let length = this.written - since
    if (length < 0x80) {
      this.room[(this.at -= 1)] = length
    } else {
      let octets = 0
      for (; length > 0; length = Math.floor(length / 256)) {
        this.room[(this.at -= 1)] = length % 256
        octets += 1
      }
      this.room[(this.at -= 1)] = 0x80 | octets
    }
    this.room[(this.at -= 1)] = tag
  }

  /** What is written, as octets of their own; the builder is empty again. */
  take(): Uint8Array {
    const value = new Uint8Array(this.room.subarray(this.at))
    this.at = this.room.length
    return value
  }

  /** Forgets what is written: after an error in the middle of a value. */
  clear(): void {
    this.at = this.room.length
  }

  private reserve(octets: number): void {
    if (octets <= this.at) return
    const { written } = this
    const grown = Buffer.allocUnsafeSlow(Math.max(this.room.length * 2, written + octets))
    grown.set(this.room.subarray(this.at), grown.length - written)
    this.room = grown
    this.at = grown.length - written
  }
}
