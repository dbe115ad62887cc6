// A bare `node:tls` server with a certificate chain of the shape of Capstan's own: a P-256 leaf for
// a Linkerd server name and its P-256 issuer, no session tickets. Answers nothing.
import { constants } from 'node:crypto'
import { createServer } from 'node:tls'
import { makeAuthority, makeServerCertificate } from '../capstan/authority.mjs'
import { LINKERD_SERVER_NAME } from '../capstan/namespace-document.mjs'

const { ca, chain, key } = await makeServerCertificate(await makeAuthority(), [
  { kind: 'dns', value: LINKERD_SERVER_NAME },
])
const server = createServer(
  {
    minVersion: 'TLSv1.3',
    secureOptions: constants.SSL_OP_NO_TICKET,
    key,
    cert: chain,
    ca: [],
    noDelay: true,
  },
  (socket) => {
    socket.on('error', () => undefined)
    socket.resume()
  },
)
server.on('tlsClientError', () => undefined)
server.listen({ host: '127.0.0.1', port: 0 }, () => {
  const { port } = server.address()
  process.send({ host: '127.0.0.1', port, serverName: LINKERD_SERVER_NAME, ca })
})
process.once('SIGTERM', () => process.exit())
process.once('disconnect', () => process.exit())
