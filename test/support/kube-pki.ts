import 'reflect-metadata'
import type { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

/** P-256, for servers and clients of a test cluster. */
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY = 86_400_000

export interface Pem {
  readonly certificate: string
  readonly key: string
}

/** A certificate authority for the length of a test. */
export class KubePki {
  readonly ca: string
  private readonly keys: webcrypto.CryptoKeyPair
  private readonly root: x509.X509Certificate

  private constructor(keys: webcrypto.CryptoKeyPair, root: x509.X509Certificate) {
    this.keys = keys
    this.root = root
    this.ca = root.toString('pem')
  }

  static async make(): Promise<KubePki> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const root = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=test cluster',
      ...lifetime(),
      signingAlgorithm: algorithm,
      keys,
      extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
    })
    return new KubePki(keys, root)
  }

  server(): Promise<Pem> {
    return this.issue('CN=kube-apiserver', [
      new x509.SubjectAlternativeNameExtension([
        { type: 'ip', value: '127.0.0.1' },
        { type: 'dns', value: 'localhost' },
      ]),
    ])
  }

  /** Kubernetes reads the user from CN and its groups from O. */
  client(user: string, group?: string): Promise<Pem> {
    return this.issue(`CN=${user}${group === undefined ? '' : `, O=${group}`}`, [
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
    ])
  }

  private async issue(subject: string, extensions: x509.Extension[]): Promise<Pem> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const certificate = await x509.X509CertificateGenerator.create({
      subject,
      issuer: this.root.subject,
      ...lifetime(),
      signingAlgorithm: algorithm,
      publicKey: keys.publicKey,
      signingKey: this.keys.privateKey,
      extensions,
    })
    const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
    return {
      certificate: certificate.toString('pem'),
      key: x509.PemConverter.encode(key, 'PRIVATE KEY'),
    }
  }
}

function lifetime(): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - DAY), notAfter: new Date(Date.now() + DAY) }
}

/** A kubeconfig for one server and one user, everything in it. */
export function kubeconfigFor(server: string, ca: string, user: Pem | { token: string }): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const credentials =
    'token' in user
      ? { token: user.token }
      : {
          'client-certificate-data': base64(user.certificate),
          'client-key-data': base64(user.key),
        }
  // JSON is YAML.
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: 'test', user: credentials }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  })
}
