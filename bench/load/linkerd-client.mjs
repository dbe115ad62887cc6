import { connect } from 'node:http2'
import { connectTls } from './tls-connection.mjs'

/** An HTTP/2 session as linkerd2-proxy's: prior knowledge over TLS, `:scheme http`. */
export async function openSession(target) {
  const socket = await connectTls(target)
  const session = connect(`http://${target.host}:${target.port}`, {
    createConnection: () => socket,
  })
  session.on('error', () => undefined)
  return session
}

/** One `Certify`; the framed answer. Rejects unless it says that it is well. */
export function certify(session, frame) {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/io.linkerd.proxy.identity.Identity/Certify',
      ':scheme': 'http',
      te: 'trailers',
      'content-type': 'application/grpc',
    })
    const chunks = []
    let status
    let message
    const note = (headers) => {
      status ??= headers['grpc-status']
      message ??= headers['grpc-message']
    }
    stream.on('response', note)
    stream.on('trailers', note)
    stream.on('data', (chunk) => chunks.push(chunk))
    stream.on('error', reject)
    stream.on('close', () => {
      if (status === '0') resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))
      else reject(new Error(`grpc-status ${status ?? 'none'} ${decodeURIComponent(message ?? '')}`))
    })
    stream.end(frame)
  })
}

/** Closes, and resolves when the connection is gone. */
export function closeSession(session) {
  return new Promise((resolve) => {
    if (session.destroyed) resolve()
    else session.once('close', resolve).close()
  })
}
