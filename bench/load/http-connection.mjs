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
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(header)?.[1] ?? NaN)
  if (Number.isNaN(length)) throw new Error('an answer without Content-Length')
  const body = octets.subarray(end + 4)
  return body.length < length ? undefined : { status: Number(header.slice(9, 12)), body }
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
