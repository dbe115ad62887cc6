// A bare `node:tls` server with a certificate chain of the shape of Capstan's own: a P-256 leaf for
// a Linkerd server name and its P-256 issuer, no session tickets. Answers nothing.
import { constants } from 'node:crypto'
import { createServer } from 'node:tls'
import { planLeaf } from '../../dist/ca/plan-leaf.js'
import { renderPem } from '../../dist/core/pem.js'
import { makeAuthority, makeSigner, newSerial, unixNow } from '../capstan/authority.mjs'
import { LINKERD_SERVER_NAME } from '../capstan/namespace-document.mjs'

const DAY_SECONDS = 86_400

const { ca, chain, key } = await makeChain()
const server = createServer(
  {
    minVersion: 'TLSv1.3',
    secureOptions: constants.SSL_OP_NO_TICKET,
    key: key.export({ type: 'pkcs8', format: 'pem' }),
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

async function makeChain() {
  const { certificates, issuer } = await makeAuthority()
  const serving = makeSigner()
  const leaf = await issuer.signLeaf(
    planLeaf({
      serial: newSerial(),
      spki: serving.signer.spki,
      names: [{ kind: 'dns', value: LINKERD_SERVER_NAME }],
      usages: ['serverAuth'],
      maxTtl: DAY_SECONDS,
      issuer,
      now: unixNow(),
    }),
  )
  const [issuing, trustAnchor] = certificates.map((der) => renderPem('CERTIFICATE', der))
  const chain = `${renderPem('CERTIFICATE', leaf)}${issuing}`
  return { ca: trustAnchor, chain, key: serving.key }
}
