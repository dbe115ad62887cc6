import { connectTls } from './tls-connection.mjs'

/** A TLS handshake and nothing after it. */
export function handshakes({ target }) {
  return {
    async call() {
      const socket = await connectTls(target)
      const answeredAt = performance.now()
      await new Promise((resolve) => socket.once('close', resolve).end())
      return answeredAt
    },
    close: () => undefined,
  }
}
