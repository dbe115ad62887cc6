import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { bitString, contextConstructed, integer, oid, sequence } from '../../core/der-writer.js'
import { renderPem } from '../../core/pem.js'

const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2'

export interface KeyAndCsr {
  readonly key: KeyObject
  /** Unencrypted PKCS#8. */
  readonly keyPem: string
  readonly csrPem: string
}

/**
 * A new P-256 key and the PKCS#10 request that proves it is held (RFC 2986). The request asks for
 * no name: the namespace alone says what the certificate is for.
 */
export function makeKeyAndCsr(): KeyAndCsr {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const info = sequence(integer(0), sequence(), spki, contextConstructed(0))
  const signature = sign('sha256', info, privateKey)
  const csr = sequence(info, sequence(oid(ECDSA_WITH_SHA256)), bitString(signature))
  return {
    key: privateKey,
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    csrPem: renderPem('CERTIFICATE REQUEST', csr),
  }
}
