import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomUUID,
  sign,
} from 'node:crypto'

const LIFETIME_SECONDS = 3600

/** What a cluster signs with (RS256, 2048 bits), as PEM, and what verifies it, as a JWK set. */
export function makeTokenKey() {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'RS256', use: 'sig' }
  return {
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    jwks: { keys: [jwk] },
    spki: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }),
  }
}

/** Makes tokens as kube-apiserver 1.35 projects them into pods, each for a pod of its own. */
export function tokenMaker({ pem, issuer, audience, namespace }) {
  const key = createPrivateKey(pem)
  const header = base64Url({ alg: 'RS256', kid: 'bench' })
  const node = { name: 'node-1', uid: randomUUID() }
  const accountUids = new Map()
  return function makeToken(account) {
    if (!accountUids.has(account)) accountUids.set(account, randomUUID())
    const now = Math.floor(Date.now() / 1000)
    const payload = base64Url({
      aud: [audience],
      exp: now + LIFETIME_SECONDS,
      iat: now,
      iss: issuer,
      jti: randomUUID(),
      'kubernetes.io': {
        namespace,
        node,
        pod: { name: `${account}-${randomUUID().slice(0, 8)}`, uid: randomUUID() },
        serviceaccount: { name: account, uid: accountUids.get(account) },
      },
      nbf: now,
      sub: `system:serviceaccount:${namespace}:${account}`,
    })
    const input = `${header}.${payload}`
    return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
  }
}

const base64Url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
