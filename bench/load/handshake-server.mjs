// A bare `node:tls` server with a certificate chain of the shape of Capstan's own: a P-256 leaf for
// a Linkerd server name and its P-256 issuer, no session tickets. Answers nothing.
import { constants, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { createServer } from 'node:tls'
import { createIssuer, createTrustAnchor } from '../../dist/ca/hierarchy.js'
import { openIssuer } from '../../dist/ca/issuer.js'
import { planLeaf } from '../../dist/ca/plan-leaf.js'
import { renderPem } from '../../dist/core/pem.js'
import { serialFromRandom } from '../../dist/core/serial.js'
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
  const now = Math.floor(Date.now() / 1000)
  const serial = () => serialFromRandom(randomBytes(16))
  const [root, issuing, serving] = [keyPair(), keyPair(), keyPair()]
  const anchor = await createTrustAnchor({
    signer: root.signer,
    serial: serial(),
    commonName: 'bench root',
    now,
  })
  const certificate = await createIssuer({
    superior: { certificate: anchor, signer: root.signer },
    signer: issuing.signer,
    spki: issuing.signer.spki,
    serial: serial(),
    commonName: 'bench issuer',
    now,
  })
  const opened = openIssuer([certificate, anchor], issuing.signer)
  if (!opened.ok) throw new Error(opened.refusal.detail)
  const leaf = await opened.value.signLeaf(
    planLeaf({
      serial: serial(),
      spki: serving.signer.spki,
      names: [{ kind: 'dns', value: LINKERD_SERVER_NAME }],
      usages: ['serverAuth'],
      maxTtl: DAY_SECONDS,
      issuer: opened.value,
      now,
    }),
  )
  const pem = (der) => renderPem('CERTIFICATE', der)
  return { ca: pem(anchor), chain: `${pem(leaf)}${pem(certificate)}`, key: serving.key }
}

function keyPair() {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signer = {
    algorithm: 'ecdsa-with-SHA256',
    spki: new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' })),
    sign: (bytes) => sign('sha256', bytes, key),
  }
  return { key, signer }
}
