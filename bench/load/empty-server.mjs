// What no server over `node:http2` goes below: a bare one that reads each call of Certify and answers
// it with the same octets, by a certificate chain of the shape of Capstan's own, no session tickets.
import { constants, X509Certificate } from 'node:crypto'
import { performServerHandshake } from 'node:http2'
import { createServer } from 'node:tls'
import { makeAuthority, makeServerCertificate } from '../capstan/authority.mjs'
import { LINKERD_SERVER_NAME } from '../capstan/namespace-document.mjs'
import { answerFrame } from './certify-message.mjs'

const { ca, chain, key } = await makeServerCertificate(await makeAuthority(), [
  { kind: 'dns', value: LINKERD_SERVER_NAME },
])
const [leaf, issuer] = chain
  .match(/-----BEGIN[^]*?-----END CERTIFICATE-----/g)
  .map((pem) => new X509Certificate(pem).raw)
const answer = answerFrame({ leaf, issuer: issuer ?? leaf })
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
    // Linkerd's proxies speak HTTP/2 without having agreed on it.
    const session = performServerHandshake(socket)
    session.on('error', () => undefined)
    session.on('stream', answerOne)
  },
)
server.on('tlsClientError', () => undefined)

function answerOne(stream) {
  stream.on('error', () => undefined)
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.on('end', () => {
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc' },
      { waitForTrailers: true },
    )
    stream.end(answer)
  })
  stream.resume()
}

server.listen({ host: '127.0.0.1', port: 0 }, () => {
  const { port } = server.address()
  process.send({ host: '127.0.0.1', port, serverName: LINKERD_SERVER_NAME, ca })
})
process.once('SIGTERM', () => process.exit())
process.once('disconnect', () => process.exit())
