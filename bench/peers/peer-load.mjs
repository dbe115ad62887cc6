import { createPrivateKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { pemText } from '../load/pem-text.mjs'
import { makeCsr } from '../load/csr.mjs'
import { jsonPost, openHttpConnection } from '../load/http-connection.mjs'
import { created, overHttpConnections, posting } from '../load/http-load.mjs'

const TOKEN_SECONDS = 3600
const NAME = 'web.bench.example'

const csrPem = (name, keys) => pemText('CERTIFICATE REQUEST', makeCsr(name, keys))
const base64Url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** step-ca's `/1.0/sign`: a CSR and a one-time token of a JWK provisioner (ES256). */
const stepSignRequests = ({ target, count, provisioner }) => {
  const token = oneTimeTokens(provisioner)
  return Array.from({ length: count }, () =>
    jsonPost(target, '/1.0/sign', { csr: csrPem(NAME), ott: token() }),
  )
}

function oneTimeTokens({ name, keyId, pem, audience }) {
  const key = createPrivateKey(pem)
  const header = base64Url({ alg: 'ES256', kid: keyId, typ: 'JWT' })
  return () => {
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: name, aud: audience, sub: NAME, sans: [NAME], jti: randomUUID() }
    const times = { iat: now, nbf: now - 10, exp: now + TOKEN_SECONDS }
    const input = `${header}.${base64Url({ ...claims, ...times })}`
    const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
    return `${input}.${signature.toString('base64url')}`
  }
}

/** step-ca's `/1.0/renew`: the client certificate and nothing else. */
const stepRenewals = ({ target, count }) => {
  const request = jsonPost(target, '/1.0/renew', {})
  return Array.from({ length: count }, () => request)
}

async function overCertificatesOfStep({ target, inFlight, frames, provisioner }) {
  const token = oneTimeTokens(provisioner)
  const enrolling = await openHttpConnection(target)
  const connections = []
  for (let at = 0; at < inFlight; at += 1) {
    const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const asked = { csr: csrPem(NAME, keys), ott: token() }
    const { crt, ca } = JSON.parse(
      created(await enrolling.post(jsonPost(target, '/1.0/sign', asked))).toString(),
    )
    const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' })
    connections.push(await openHttpConnection({ ...target, key, cert: crt + ca }))
  }
  await enrolling.close()
  return posting(connections, frames)
}

/** cfssl's `/sign`: whoever reaches it gets a certificate. */
const cfsslRequests = ({ target, count }) =>
  Array.from({ length: count }, () =>
    jsonPost(target, '/api/v1/cfssl/sign', { certificate_request: csrPem(NAME), hosts: [NAME] }),
  )

export const peerKinds = {
  'step-sign': { frames: stepSignRequests, open: overHttpConnections },
  'step-renew': { frames: stepRenewals, open: overCertificatesOfStep },
  'cfssl-sign': { frames: cfsslRequests, open: overHttpConnections },
}
