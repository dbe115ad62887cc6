import { writeSync } from 'node:fs'
import { errorCode } from '../core/error-code.js'

/** More than this is written without waiting for the end of the turn. */
const MOST_OCTETS = 64 * 1024
/** How long a reader who is slow to empty a pipe is waited for at a time. */
const PAUSE_MS = 5

/**
 * Lines for a file descriptor, kept until the end of the turn of the event loop that they came in
 * and written with one call: under load a turn has a line for each of many certificates. Nothing
 * waits for a timer, and `flush` writes what is left when the process ends.
 */
export class BatchedWrites {
  private readonly fd: number
  private pending = ''

  constructor(fd: number) {
    this.fd = fd
  }

  write(line: string): void {
    if (this.pending === '') setImmediate(() => this.flush())
    this.pending += line
    if (this.pending.length > MOST_OCTETS) this.flush()
  }

  flush(): void {
    const rest = Buffer.from(this.pending)
    this.pending = ''
    for (let at = 0; at < rest.length;) {
      try {
        at += writeSync(this.fd, rest, at)
      } catch (error) {
        // A log that nobody takes any more must not end the server, nor one that is full.
        if (errorCode(error) !== 'EAGAIN') return
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
      }
    }
  }
}
