import { generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from 'node:crypto'
import type { UnixSeconds } from '../../src/core/time.js'
import { T0 } from './fake-clock.js'

export const ISSUER = 'https://kubernetes.default.svc.cluster.local'
export const AUDIENCE = 'https://ca.example'

type Algorithm = 'RS256' | 'ES256' | 'ES384' | 'ES512'

const curves = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }
const hashes = { RS256: 'sha256', ES256: 'sha256', ES384: 'sha384', ES512: 'sha512' }

/** What a cluster signs service account tokens with. */
export class TokenSigner {
  readonly algorithm: Algorithm
  readonly keyId: string
  readonly publicKey: KeyObject
  private readonly privateKey: KeyObject

  constructor(algorithm: Algorithm = 'RS256', keyId = 'key-1', modulusLength = 2048) {
    this.algorithm = algorithm
    this.keyId = keyId
    const pair =
      algorithm === 'RS256'
        ? generateKeyPairSync('rsa', { modulusLength })
        : generateKeyPairSync('ec', { namedCurve: curves[algorithm] })
    this.publicKey = pair.publicKey
    this.privateKey = pair.privateKey
  }

  get jwk(): JsonWebKey & { kid: string } {
    return {
      ...this.publicKey.export({ format: 'jwk' }),
      kid: this.keyId,
      alg: this.algorithm,
      use: 'sig',
    }
  }

  get header(): Record<string, unknown> {
    return { alg: this.algorithm, kid: this.keyId }
  }

  /** Header and payload as values, or as the text that is to be signed. */
  sign(payload: object | string = claims(), header: object | string = this.header): string {
    const input = `${base64Url(header)}.${base64Url(payload)}`
    return `${input}.${this.signature(input).toString('base64url')}`
  }

  signature(input: string): Buffer {
    const key = { key: this.privateKey, dsaEncoding: 'ieee-p1363' } as const
    return sign(hashes[this.algorithm], Buffer.from(input), key)
  }
}

/** The claims of a token that kube-apiserver 1.35 makes for a running pod. */
export function claims(
  changed: Readonly<Record<string, unknown>> = {},
  at: UnixSeconds = T0,
): Record<string, unknown> {
  return {
    aud: [AUDIENCE],
    exp: at + 600,
    iat: at,
    iss: ISSUER,
    jti: '8a5a0270-fba0-4b98-a267-22925e3d10f9',
    'kubernetes.io': bound(),
    nbf: at,
    sub: 'system:serviceaccount:app:web',
    ...changed,
  }
}

export function bound(changed: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    namespace: 'app',
    node: { name: 'node-1', uid: '5d8e6a1c-0b7c-4a40-8b54-5a4f7e0f0001' },
    pod: { name: 'web-0', uid: '09df6376-1a58-4cb6-86db-188c0f0dcd59' },
    serviceaccount: { name: 'web', uid: '76ea7f0b-98a3-49bf-8154-51eff1bc507c' },
    ...changed,
  }
}

/** The identity that `claims()` names. */
export const identity = {
  namespace: 'app',
  serviceAccount: 'web',
  serviceAccountUid: '76ea7f0b-98a3-49bf-8154-51eff1bc507c',
  podName: 'web-0',
  podUid: '09df6376-1a58-4cb6-86db-188c0f0dcd59',
  nodeName: 'node-1',
  credentialId: 'JTI=8a5a0270-fba0-4b98-a267-22925e3d10f9',
}

/** What a TokenReview says of the token with `claims()`. */
export const reviewedUser = {
  username: 'system:serviceaccount:app:web',
  uid: identity.serviceAccountUid,
  groups: ['system:serviceaccounts', 'system:serviceaccounts:app', 'system:authenticated'],
  extra: {
    'authentication.kubernetes.io/pod-name': [identity.podName],
    'authentication.kubernetes.io/pod-uid': [identity.podUid],
    'authentication.kubernetes.io/node-name': [identity.nodeName],
    'authentication.kubernetes.io/credential-id': [identity.credentialId],
  },
}

export const base64Url = (value: object | string): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** The object without these members. */
export function without<T extends object, K extends keyof T>(object: T, ...names: K[]): Omit<T, K> {
  const kept = Object.entries(object).filter(([name]) => !names.some((gone) => gone === name))
  return Object.fromEntries(kept) as Omit<T, K>
}
