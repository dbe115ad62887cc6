import { GrpcFailure, grpcStatus } from './status.js'

const PREFIX_OCTETS = 5

/** Room for an ordinary request (a token and a CSR) without growing. */
const FIRST_ROOM = 4096

/**
 * Collects the one length-prefixed message of a unary request, chunk by chunk, and judges as early
 * as it can: an announced size is refused before its octets are held.
 */
export class MessageReader {
  private readonly maxOctets: number
  private buffer = Buffer.alloc(0)
  private held = 0

  constructor(maxOctets: number) {
    this.maxOctets = maxOctets
  }

  /** Octets of memory in use. */
  get room(): number {
    return this.buffer.length
  }

  /** Takes the next chunk; a failure when no further chunk can make this a good request. */
  push(chunk: Uint8Array): GrpcFailure | undefined {
    const limit = PREFIX_OCTETS + this.maxOctets
    // One octet past the limit is enough to know that there is more than may be.
    const taken = chunk.subarray(0, limit + 1 - this.held)
    // Chunks are copied: each is a view that keeps a whole read buffer alive, however small it is.
    if (this.held === 0 && isWhole(taken)) this.buffer = Buffer.allocUnsafe(taken.length)
    else this.makeRoom(this.held + taken.length)
    this.buffer.set(taken, this.held)
    this.held += taken.length
    return this.held < PREFIX_OCTETS ? undefined : this.judge()
  }

  /** The message, once the request has ended. */
  finish(): Uint8Array | GrpcFailure {
    if (this.held === 0) {
      return new GrpcFailure(grpcStatus.UNIMPLEMENTED, 'no message in a unary request')
    }
    if (this.held < PREFIX_OCTETS || this.held < PREFIX_OCTETS + this.length) {
      return new GrpcFailure(grpcStatus.INVALID_ARGUMENT, 'the message ends too early')
    }
    return this.buffer.subarray(PREFIX_OCTETS, this.held)
  }

  private judge(): GrpcFailure | undefined {
    const flag = this.buffer.readUInt8(0)
    if (flag !== 0) return badFlag(flag)
    if (this.length > this.maxOctets) {
      return new GrpcFailure(
        grpcStatus.RESOURCE_EXHAUSTED,
        `a message of ${this.length} octets; at most ${this.maxOctets} are read`,
      )
    }
    if (this.held > PREFIX_OCTETS + this.length) {
      // Cardinality violations are UNIMPLEMENTED in gRPC's own table of status codes.
      return new GrpcFailure(grpcStatus.UNIMPLEMENTED, 'more than one message in a unary request')
    }
    return undefined
  }

  private get length(): number {
    return this.buffer.readUInt32BE(1)
  }

  private makeRoom(wanted: number): void {
    if (wanted <= this.buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(FIRST_ROOM, this.buffer.length * 2, wanted))
    grown.set(this.buffer.subarray(0, this.held))
    this.buffer = grown
  }
}

/** Whether these first octets are a message and its prefix: the one that nobody has to wait for. */
const isWhole = (octets: Uint8Array): boolean =>
  octets.length >= PREFIX_OCTETS &&
  octets.length === PREFIX_OCTETS + new DataView(octets.buffer, octets.byteOffset).getUint32(1)

function badFlag(flag: number): GrpcFailure {
  return flag === 1
    ? new GrpcFailure(grpcStatus.UNIMPLEMENTED, 'compressed messages are not read')
    : new GrpcFailure(grpcStatus.INVALID_ARGUMENT, 'not a gRPC message prefix')
}

/** A message with its five octets of prefix: not compressed, and its length. */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_OCTETS + message.length)
  frame.writeUInt8(0, 0)
  frame.writeUInt32BE(message.length, 1)
  frame.set(message, PREFIX_OCTETS)
  return frame
}

const UNIT_MS = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 } as const

/** `grpc-timeout` in milliseconds (1 to 8 digits and a unit); undefined when it is none. */
export function parseTimeout(text: string): number | undefined {
  const match = /^(?<digits>\d{1,8})(?<unit>[HMSmun])$/.exec(text)
  const unit = match?.groups?.['unit']
  if (!match || !unit) return undefined
  return Number(match.groups?.['digits']) * UNIT_MS[unit as keyof typeof UNIT_MS]
}

/** `grpc-message`: octets outside printable ASCII, and `%`, are percent-encoded. At most 1 KiB before that. */
export function encodeMessage(message: string): string {
  let text = ''
  for (const octet of Buffer.from(message.slice(0, 1024).toWellFormed(), 'utf-8')) {
    const plain = octet >= 0x20 && octet <= 0x7e && octet !== 0x25
    text += plain
      ? String.fromCharCode(octet)
      : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return text
}
