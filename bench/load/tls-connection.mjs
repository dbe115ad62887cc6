import { connect, createSecureContext } from 'node:tls'
import { clearTimeout } from 'node:timers'

const contexts = new Map()

/** TLS 1.3, server name, no resumption, and no ALPN unless asked for: as linkerd2-proxy connects. */
export function connectTls({ host, port, serverName, ca, key, cert, ALPNProtocols, timeoutMs }) {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      servername: serverName,
      secureContext: contextOf({ ca, key, cert }),
      ...(ALPNProtocols && { ALPNProtocols }),
    })
    const timer =
      timeoutMs &&
      setTimeout(() => socket.destroy(new Error(`no connection in ${timeoutMs} ms`)), timeoutMs)
    socket.setNoDelay()
    socket.once('secureConnect', () => {
      clearTimeout(timer)
      socket.off('error', reject)
      // What becomes of the connection later is seen by whoever waits for an answer on it.
      socket.on('error', () => undefined)
      resolve(socket)
    })
    socket.once('error', reject)
    socket.once('close', () => clearTimeout(timer))
  })
}

/** Parsing the roots costs the load more than the handshake costs the server. */
function contextOf({ ca, key, cert }) {
  // A client certificate is one proxy's own, and used once or kept with its connection.
  if (cert) return createSecureContext({ ca, key, cert, minVersion: 'TLSv1.3' })
  if (!contexts.has(ca)) contexts.set(ca, createSecureContext({ ca, minVersion: 'TLSv1.3' }))
  return contexts.get(ca)
}
