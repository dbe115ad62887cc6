import { connectTls } from './tls-connection.mjs'

const END_OF_HEADER = Buffer.from('\r\n\r\n')

/** A kept HTTP/1.1 connection, one request after another: `post` takes the octets of a whole request. */
export async function openHttpConnection(target) {
  const socket = await connectTls({ ...target, ALPNProtocols: ['http/1.1'] })
  let waiting
  let received = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    const answer = wholeAnswer(received)
    if (!answer) return
    received = Buffer.alloc(0)
    const { resolve } = waiting
    waiting = undefined
    resolve(answer)
  })
  socket.once('close', () => waiting?.reject(new Error('the connection was closed')))
  return {
    post: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        socket.write(request)
      }),
    close: () => new Promise((resolve) => socket.once('close', resolve).end()),
  }
}

/** `{status, body}` once all of it is there. */
function wholeAnswer(octets) {
  const end = octets.indexOf(END_OF_HEADER)
  if (end < 0) return undefined
  const header = octets.toString('latin1', 0, end)
  const rest = octets.subarray(end + END_OF_HEADER.length)
  const length = /\r\ncontent-length: (\d+)/i.exec(header)?.[1]
  const body = length === undefined ? fromChunks(rest) : upTo(rest, Number(length))
  return body && { status: Number(header.slice(9, 12)), body }
}

const upTo = (octets, length) => (octets.length < length ? undefined : octets)

/** RFC 9112 section 7.1, as servers send it that do not know the length beforehand. */
function fromChunks(octets) {
  const chunks = []
  for (let at = 0; ;) {
    const lineEnd = octets.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = parseInt(octets.toString('latin1', at, lineEnd), 16)
    const start = lineEnd + 2
    if (octets.length < start + size + 2) return undefined
    if (size === 0) return Buffer.concat(chunks)
    chunks.push(octets.subarray(start, start + size))
    at = start + size + 2
  }
}

/** A whole request with a JSON body. */
export function jsonPost({ host, port }, path, value) {
  const body = Buffer.from(JSON.stringify(value))
  const header = [
    `POST ${path} HTTP/1.1`,
    `Host: ${host}:${port}`,
    'Content-Type: application/json',
    'Accept: application/json',
    `Content-Length: ${body.length}`,
  ]
  return Buffer.concat([Buffer.from(header.join('\r\n')), END_OF_HEADER, body])
}
