import { createPrivateKey } from 'node:crypto'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { loadKey } from './key-signer.js'

const MAX_PEM_CHARACTERS = 65_536
const BEGIN = /^-----BEGIN ([A-Z ]{0,32}PRIVATE KEY)-----\r?$/gm

/**
 * The one private key of a PEM file, as PKCS#8 DER: PKCS#8 (RFC 5958), SEC 1, PKCS#1, and each of
 * them encrypted as OpenSSL does, given the passphrase. Other blocks may stand beside it.
 */
export function privateKeyFromPem(
  pem: string,
  passphrase?: string,
): Result<Uint8Array, Refusal<'keys.malformed' | 'keys.wrong-passphrase'>> {
  const labels = pem.length > MAX_PEM_CHARACTERS ? [] : [...pem.matchAll(BEGIN)]
  const [label] = labels
  if (!label || labels.length !== 1) {
    return refuse('keys.malformed', 'not a PEM file with one private key', {
      wanted: 'one block of PRIVATE KEY, ENCRYPTED PRIVATE KEY, EC PRIVATE KEY or RSA PRIVATE KEY',
      found: `${labels.length} such blocks`,
    })
  }
  const isEncrypted = label[1] === 'ENCRYPTED PRIVATE KEY' || pem.includes('Proc-Type: 4,ENCRYPTED')
  if (isEncrypted && passphrase === undefined) {
    return refuse('keys.wrong-passphrase', 'the private key is encrypted', {
      wanted: 'its passphrase',
      found: 'none',
    })
  }
  const pkcs8 = decode(pem.slice(label.index), passphrase)
  if (pkcs8 === undefined) {
    return isEncrypted
      ? refuse('keys.wrong-passphrase', 'the passphrase does not open the private key', {
          next: `check it with: openssl pkey -in FILE -noout`,
        })
      : refuse('keys.malformed', 'the private key does not load')
  }
  if (loadKey(pkcs8)) return ok(pkcs8)
  return refuse('keys.malformed', 'the private key is of a kind that cannot sign certificates', {
    wanted: 'P-256, P-384, Ed25519, or RSA of 2048 to 8192 bits',
  })
}

function decode(pem: string, passphrase: string | undefined): Uint8Array | undefined {
  try {
    const key = createPrivateKey({ key: pem, format: 'pem', passphrase: passphrase ?? '' })
    return key.export({ format: 'der', type: 'pkcs8' })
  } catch {
    return undefined
  }
}
