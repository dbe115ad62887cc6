import 'reflect-metadata'
import { createPrivateKey, webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import type { ServerCertificate } from '../../../src/server/tls/server-certificates.js'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const day = 86_400_000

/** A root and an issuer for TLS tests, valid around the machine's clock: OpenSSL reads no other. */
export interface TestAuthority {
  readonly rootPem: string
  readonly issuerPem: string
  /** A server certificate: leaf and issuer in the chain. */
  issue(name: string): Promise<ServerCertificate & { readonly leafPem: string }>
}

export async function testAuthority(label = 'test'): Promise<TestAuthority> {
  const notBefore = new Date(Date.now() - day)
  const notAfter = new Date(Date.now() + day)
  const keys = (): Promise<webcrypto.CryptoKeyPair> =>
    webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const serial = (): string =>
    Buffer.from(webcrypto.getRandomValues(new Uint8Array(15))).toString('hex')
  const authority = [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
  ]
  const rootKeys = await keys()
  const root = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: `40${serial()}`,
      name: `CN=${label} root`,
      notBefore,
      notAfter,
      keys: rootKeys,
      signingAlgorithm: algorithm,
      extensions: authority,
    },
    webcrypto,
  )
  const issuerKeys = await keys()
  const issuer = await x509.X509CertificateGenerator.create(
    {
      serialNumber: `40${serial()}`,
      subject: `CN=${label} issuer`,
      issuer: root.subject,
      notBefore,
      notAfter,
      publicKey: issuerKeys.publicKey,
      signingKey: rootKeys.privateKey,
      signingAlgorithm: algorithm,
      extensions: authority,
    },
    webcrypto,
  )
  return {
    rootPem: root.toString('pem'),
    issuerPem: issuer.toString('pem'),
    async issue(name) {
      const leafKeys = await keys()
      const leaf = await x509.X509CertificateGenerator.create(
        {
          serialNumber: `40${serial()}`,
          issuer: issuer.subject,
          notBefore,
          notAfter,
          publicKey: leafKeys.publicKey,
          signingKey: issuerKeys.privateKey,
          signingAlgorithm: algorithm,
          extensions: [
            new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }], true),
            new x509.ExtendedKeyUsageExtension([
              x509.ExtendedKeyUsage.serverAuth,
              x509.ExtendedKeyUsage.clientAuth,
            ]),
          ],
        },
        webcrypto,
      )
      const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', leafKeys.privateKey))
      const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
      const leafPem = leaf.toString('pem')
      return { key, leafPem, chainPem: `${leafPem}\n${issuer.toString('pem')}` }
    },
  }
}
