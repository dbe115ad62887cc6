import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'

/**
 * A Kubernetes cluster as its tokens show it: a signing key, its JWKS in a file, and service
 * account tokens as a kubelet projects them into pods. For tests that need many tokens and no API
 * server; that Capstan reads real ones is shown against a real API server.
 */
export class OfflineCluster {
  readonly issuer = 'https://kubernetes.test.example'
  readonly audience = 'identity.l5d.io'
  private readonly key: KeyObject

  constructor(jwksFile: string) {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    this.key = privateKey
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'test', alg: 'RS256', use: 'sig' }
    writeFileSync(jwksFile, JSON.stringify({ keys: [jwk] }))
  }

  /** A token of one pod, good for ten minutes from `now` (seconds). */
  token(namespace: string, serviceAccount: string, now = Math.floor(Date.now() / 1000)): string {
    const encode = (value: unknown): string =>
      Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = {
      aud: [this.audience],
      exp: now + 600,
      iat: now,
      iss: this.issuer,
      jti: randomUUID(),
      'kubernetes.io': {
        namespace,
        pod: { name: `${serviceAccount}-0`, uid: randomUUID() },
        serviceaccount: { name: serviceAccount, uid: randomUUID() },
      },
      nbf: now,
      sub: `system:serviceaccount:${namespace}:${serviceAccount}`,
    }
    const body = `${encode({ alg: 'RS256', kid: 'test' })}.${encode(claims)}`
    return `${body}.${sign('sha256', Buffer.from(body), this.key).toString('base64url')}`
  }
}
