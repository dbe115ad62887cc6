import { connectTls } from './tls-connection.mjs'

/**
 * HTTP/2 (RFC 9113) as far as one unary call to a server of ours goes, with octets made beforehand:
 * `node:http2` costs a caller as much as the call costs the server, and both share the machine. What
 * it does not know, it ends the connection for.
 */
const DATA = 0
const HEADERS = 1
const RST_STREAM = 3
const SETTINGS = 4
const PING = 6
const GOAWAY = 7
const WINDOW_UPDATE = 8

const ACK = 1
const END_STREAM = 1
const END_HEADERS = 4
const HEADER_OCTETS = 9
const LAST_STREAM = 2 ** 31 - 1
const FIRST_WINDOW = 65_535

/** HPACK (RFC 7541): `grpc-status` in its Huffman code, as nghttp2 writes it, and the octet of the length after it. */
const GRPC_STATUS = Buffer.from('9acac8b21234da8f01', 'hex')

const frame = (type, flags, stream, payload) => {
  const head = Buffer.alloc(HEADER_OCTETS)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

const setting = (id, value) => {
  const octets = Buffer.alloc(6)
  octets.writeUInt16BE(id, 0)
  octets.writeUInt32BE(value, 2)
  return octets
}

const uint32 = (value) => {
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(value)
  return octets
}

/** Ours: no dynamic table, so that a header block can be read by itself; and never a window to wait for. */
const OPENING = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1'),
  frame(SETTINGS, 0, 0, Buffer.concat([setting(1, 0), setting(2, 0), setting(4, 2 ** 20)])),
  frame(WINDOW_UPDATE, 0, 0, uint32(LAST_STREAM - FIRST_WINDOW)),
])
const MAX_CONCURRENT_STREAMS = 3

/** Literals that nobody is to index; of the static table, `:method POST` and `:scheme http`. */
function requestHeaders(authority) {
  const text = (value) => [value.length, ...Buffer.from(value, 'latin1')]
  return Buffer.from([
    ...[0x83, 0x86],
    ...[0x04, ...text('/io.linkerd.proxy.identity.Identity/Certify')],
    ...[0x01, ...text(authority)],
    ...[0x00, ...text('te'), ...text('trailers')],
    ...[0x0f, 0x10, ...text('application/grpc')],
  ])
}

/** An HTTP/2 session as linkerd2-proxy's: prior knowledge over TLS, `:scheme http`. */
export async function openSession(target) {
  const socket = await connectTls(target)
  return new Session(socket, requestHeaders(`${target.host}:${target.port}`))
}

/** One `Certify`; the framed answer. Rejects unless it says that it is well. */
export const certify = (session, message) => session.call(message)

/** Closes, and resolves when the connection is gone. */
export const closeSession = (session) => session.close()

class Session {
  constructor(socket, headers) {
    this.socket = socket
    this.headers = headers
    this.calls = new Map()
    this.waiting = []
    this.nextStream = 1
    this.window = FIRST_WINDOW
    this.mostCalls = Infinity
    this.rest = Buffer.alloc(0)
    this.out = [OPENING]
    socket.on('data', (chunk) => this.read(chunk))
    socket.on('close', () => this.failAll(this.why ?? new Error('the connection is gone')))
    this.flush()
  }

  call(message) {
    return new Promise((resolve, reject) => {
      if (this.socket.destroyed) {
        reject(this.why ?? new Error('the connection is gone'))
        return
      }
      this.waiting.push({ message, resolve, reject, chunks: [] })
      this.send()
    })
  }

  /** What concurrency and the window of the connection allow, in the order in which it was asked. */
  send() {
    while (this.waiting.length > 0 && this.calls.size < this.mostCalls) {
      if (this.waiting[0].message.length > this.window) break
      const call = this.waiting.shift()
      const stream = this.nextStream
      this.nextStream += 2
      this.calls.set(stream, call)
      this.window -= call.message.length
      this.out.push(frame(HEADERS, END_HEADERS, stream, this.headers))
      this.out.push(frame(DATA, END_STREAM, stream, call.message))
    }
    if (this.out.length > 0 && !this.flushIsDue) {
      this.flushIsDue = true
      void Promise.resolve().then(() => this.flush())
    }
  }

  flush() {
    this.flushIsDue = false
    if (this.out.length === 0 || this.socket.destroyed) return
    this.socket.write(this.out.length === 1 ? this.out[0] : Buffer.concat(this.out))
    this.out = []
  }

  read(chunk) {
    const octets = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk])
    let at = 0
    while (octets.length - at >= HEADER_OCTETS) {
      const end = at + HEADER_OCTETS + octets.readUIntBE(at, 3)
      if (octets.length < end) break
      const payload = octets.subarray(at + HEADER_OCTETS, end)
      this.take(octets[at + 3], octets[at + 4], octets.readUInt32BE(at + 5), payload)
      at = end
    }
    this.rest = octets.subarray(at)
    this.send()
  }

  take(type, flags, stream, payload) {
    const call = this.calls.get(stream)
    switch (type) {
      case DATA:
        call?.chunks.push(payload)
        break
      case HEADERS:
        if (!(flags & END_HEADERS)) this.destroy(new Error('a header block in more than one frame'))
        else if (flags & END_STREAM) this.finish(stream, statusOf(payload))
        break
      case RST_STREAM:
        this.finish(stream, `reset ${payload.readUInt32BE(0)}`)
        break
      case SETTINGS:
        if (flags & ACK) break
        this.adopt(payload)
        this.out.push(frame(SETTINGS, ACK, 0, Buffer.alloc(0)))
        break
      case PING:
        if (!(flags & ACK)) this.out.push(frame(PING, ACK, 0, payload))
        break
      case WINDOW_UPDATE:
        if (stream === 0) this.window += payload.readUInt32BE(0)
        break
      case GOAWAY:
        this.goesAway(payload.readUInt32BE(0), payload.readUInt32BE(4))
        break
      default:
        this.destroy(new Error(`a frame of type ${type}`))
    }
  }

  adopt(settings) {
    for (let at = 0; at < settings.length; at += 6) {
      if (settings.readUInt16BE(at) === MAX_CONCURRENT_STREAMS) {
        this.mostCalls = settings.readUInt32BE(at + 2)
      }
    }
  }

  finish(stream, status) {
    const call = this.calls.get(stream)
    if (!call) return
    this.calls.delete(stream)
    const { chunks, resolve, reject } = call
    if (status === '0') resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))
    else reject(new Error(`grpc-status ${status}`))
  }

  goesAway(last, code) {
    this.why = new Error(`the server goes away, ${code}`)
    for (const stream of this.calls.keys()) if (stream > last) this.finish(stream, `away ${code}`)
  }

  failAll(error) {
    for (const { reject } of [...this.calls.values(), ...this.waiting]) reject(error)
    this.calls.clear()
    this.waiting = []
  }

  destroy(error) {
    this.why = error
    this.socket.destroy()
  }

  close() {
    return new Promise((resolve) => {
      if (this.socket.destroyed) {
        resolve()
        return
      }
      this.socket.once('close', resolve)
      this.socket.end(frame(GOAWAY, 0, 0, Buffer.alloc(8)))
    })
  }
}

/** The digits of `grpc-status`. */
function statusOf(block) {
  const at = block.indexOf(GRPC_STATUS)
  return at === -1 ? 'none' : String.fromCharCode(block[at + GRPC_STATUS.length])
}
