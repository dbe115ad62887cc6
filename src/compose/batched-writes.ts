import { writeSync } from 'node:fs'
import { errorCode } from '../core/error-code.js'

/** How long a reader who is slow to empty a pipe is waited for at a time, and how often in a row. */
const PAUSE_MS = 5
const MOST_PAUSES = 100

/**
 * Lines for a file descriptor, kept until the end of the turn of the event loop that they came in
 * and written with one call: under load a turn has a line for each of many certificates. Nothing
 * waits for a timer, and `flush` writes what is left when the process ends. What cannot be written,
 * because the disk is full or because nobody reads, is dropped and counted: it ends no server, and
 * holds none up for longer than half a second. `lost` is the line that says how many it were.
 */
export class BatchedWrites {
  private readonly fd: number
  private readonly most: number
  private readonly lost: (lines: number) => string
  private pending = ''
  private octets = 0
  private dropped = 0
  /** The last line was cut. */
  private isTorn = false

  /** `most` octets go with one call, unless one line alone is longer. */
  constructor(fd: number, most: number, lost: (lines: number) => string) {
    this.fd = fd
    this.most = most
    this.lost = lost
  }

  write(line: string): void {
    const octets = Buffer.byteLength(line)
    if (this.octets + octets > this.most) this.flush()
    if (this.pending === '') setImmediate(() => this.flush())
    this.pending += line
    this.octets += octets
    if (this.octets > this.most) this.flush()
  }

  flush(): void {
    if (this.pending === '') return
    const notice = this.dropped === 0 ? '' : this.lost(this.dropped)
    const text = `${this.isTorn ? '\n' : ''}${notice}${this.pending}`
    const lines = linesIn(this.pending)
    this.pending = ''
    this.octets = 0
    const rest = Buffer.from(text)
    const done = this.put(rest)
    if (done === rest.length) {
      this.dropped = 0
      this.isTorn = false
    } else {
      if (done > 0) this.isTorn = rest[done - 1] !== 0x0a
      // Counted again where the notice itself, or a part of the lines, was written.
      this.dropped += lines
    }
  }

  /** How much of it was written. */
  private put(octets: Buffer): number {
    // Who was not there a moment ago is not waited for again.
    let pauses = this.dropped > 0 ? 0 : MOST_PAUSES
    let done = 0
    while (done < octets.length) {
      try {
        done += writeSync(this.fd, octets, done)
      } catch (error) {
        if (errorCode(error) !== 'EAGAIN' || pauses === 0) break
        pauses -= 1
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
      }
    }
    return done
  }
}

const linesIn = (text: string): number => text.split('\n').length - 1
