import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** RFC 9113 section 6. */
export const frameType = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const END_STREAM = 1
export const END_HEADERS = 4

export interface RawFrame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

export function rawFrame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** HPACK literals without indexing, names and values in full (RFC 7541 section 6.2.2). */
export function rawHeaders(headers: Readonly<Record<string, string>>): Buffer {
  const text = (value: string): Buffer[] => {
    const octets = Buffer.from(value, 'latin1')
    if (octets.length < 127) return [Buffer.of(octets.length), octets]
    const rest: number[] = []
    let left = octets.length - 127
    for (; left >= 128; left = Math.floor(left / 128)) rest.push((left % 128) | 128)
    return [Buffer.of(127, ...rest, left), octets]
  }
  return Buffer.concat(
    Object.entries(headers).flatMap(([name, value]) => [
      Buffer.of(0),
      ...text(name),
      ...text(value),
    ]),
  )
}

export const grpcHeaders = (path: string, more: Readonly<Record<string, string>> = {}): Buffer =>
  rawHeaders({
    ':method': 'POST',
    ':scheme': 'http',
    ':path': path,
    ':authority': 'x',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...more,
  })

/** An HTTP/2 peer that does as it is told, whatever the protocol says. */
export class RawPeer {
  readonly frames: RawFrame[] = []
  readonly closed: Promise<unknown>
  private readonly socket: Duplex
  private readonly waiting = new Set<() => void>()

  static async dial(port: number): Promise<RawPeer> {
    const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    const peer = new RawPeer(socket)
    peer.send(
      Buffer.concat([
        Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
        rawFrame(frameType.settings, 0, 0),
      ]),
    )
    return peer
  }

  private constructor(socket: Socket) {
    this.socket = socket
    let left = Buffer.alloc(0)
    socket.on('error', () => undefined)
    this.closed = new Promise((resolve) => socket.once('close', resolve))
    socket.on('data', (chunk: Buffer) => {
      left = Buffer.concat([left, chunk])
      while (left.length >= 9 && left.length >= 9 + left.readUIntBE(0, 3)) {
        const end = 9 + left.readUIntBE(0, 3)
        this.frames.push({
          type: left.readUInt8(3),
          flags: left.readUInt8(4),
          stream: left.readUInt32BE(5) & 0x7fffffff,
          payload: Buffer.from(left.subarray(9, end)),
        })
        left = left.subarray(end)
      }
      for (const wake of this.waiting) wake()
    })
  }

  send(octets: Buffer): boolean {
    return this.socket.writable && this.socket.write(octets)
  }

  /** The first frame that fits, received already or yet to come. */
  async frame(fits: (frame: RawFrame) => boolean): Promise<RawFrame> {
    for (;;) {
      const found = this.frames.find(fits)
      if (found) return found
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.waiting.delete(wake)
          resolve()
        }
        this.waiting.add(wake)
      })
    }
  }

  /** Resolves once the server has worked off everything sent before. */
  async settled(): Promise<void> {
    const mark = Buffer.from(String(this.frames.length).padStart(8, '0'))
    this.send(rawFrame(frameType.ping, 0, 0, mark))
    await this.frame((frame) => frame.type === frameType.ping && frame.payload.equals(mark))
  }

  end(): void {
    this.socket.destroy()
  }
}
