import { MAX_INPUT } from '../target.js'

const HEADER = 8

/** The input that is being tried, where a second thread can read it while the first is busy. */
export class Desk {
  readonly buffer: SharedArrayBuffer
  private readonly header: Int32Array
  private readonly octets: Uint8Array

  constructor(buffer = new SharedArrayBuffer(HEADER + MAX_INPUT)) {
    this.buffer = buffer
    this.header = new Int32Array(buffer, 0, HEADER / 4)
    this.octets = new Uint8Array(buffer, HEADER)
  }

  put(input: Uint8Array): void {
    this.octets.set(input.subarray(0, MAX_INPUT))
    Atomics.store(this.header, 1, Math.min(input.length, MAX_INPUT))
    Atomics.add(this.header, 0, 1)
  }

  /** It has ended. */
  clear(): void {
    Atomics.add(this.header, 0, 1)
  }

  /** Grows with every input and every end: odd while one is being tried. */
  get turn(): number {
    return Atomics.load(this.header, 0)
  }

  take(): Uint8Array {
    return Uint8Array.from(this.octets.subarray(0, Atomics.load(this.header, 1)))
  }
}
