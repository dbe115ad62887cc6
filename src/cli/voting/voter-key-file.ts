import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'
import { lstat, readFile, writeFile } from 'node:fs/promises'
import { errorCode, reasonOf } from '../../core/error-code.js'
import { type VoterAlgorithm, type VoterJwk, voterKeyOf } from '../../namespace/voter-key.js'
import { type Outcome, refused, usage } from '../problem.js'
import { notForVoting, type OpenedKey } from './voter-key.js'

/** PKCS#8 PEM, encrypted with AES-256-CBC where there is a passphrase (RFC 5958, RFC 8018). */
export function newVoterKey(alg: VoterAlgorithm, passphrase: string | undefined): string {
  const { privateKey } =
    alg === 'Ed25519'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return privateKey
    .export({
      type: 'pkcs8',
      format: 'pem',
      ...(passphrase !== undefined && { cipher: 'aes-256-cbc', passphrase }),
    })
    .toString()
}

/** Writes a new file that only its owner may read; one that is there already stays as it is. */
export async function writeVoterKey(path: string, pem: string): Promise<Outcome<undefined>> {
  try {
    await writeFile(path, pem, { mode: 0o600, flag: 'wx' })
    return { ok: true, value: undefined }
  } catch (error) {
    return errorCode(error) === 'EEXIST'
      ? usage(`${path} exists`, { next: 'choose another file: a key that is lost is lost' })
      : usage(`cannot write ${path}`, { found: reasonOf(error) })
  }
}

/** Opens a key file. Refused when others may read a key that is not encrypted. */
export async function openVoterKey(
  path: string,
  passphrase: string | undefined,
): Promise<Outcome<OpenedKey>> {
  let pem: string
  try {
    pem = await readFile(path, 'utf8')
    const { mode } = await lstat(path)
    const isEncrypted = pem.includes('ENCRYPTED')
    if (!isEncrypted && (mode & 0o077) !== 0) {
      return refused({
        code: 'keys.unsafe-permissions',
        detail: 'others may read this key',
        found: path,
        next: `chmod 600 ${path}`,
      })
    }
    if (isEncrypted && passphrase === undefined) {
      return usage(`${path} is encrypted`, {
        wanted: '--passphrase-file FILE, or CAPSTAN_VOTER_PASSPHRASE',
      })
    }
  } catch (error) {
    return usage(`cannot read ${path}`, { found: reasonOf(error) })
  }
  try {
    const key = createPrivateKey({ key: pem, ...(passphrase !== undefined && { passphrase }) })
    return opened(key, path)
  } catch {
    return refused({
      code: passphrase === undefined ? 'keys.malformed' : 'keys.wrong-passphrase',
      detail: 'this key cannot be opened',
      wanted: 'a private key in PKCS#8 PEM, and its passphrase',
      found: path,
    })
  }
}

function opened(key: KeyObject, path: string): Outcome<OpenedKey> {
  const jwk = { ...createPublicKey(key).export({ format: 'jwk' }) } as unknown as VoterJwk
  const isKnown = jwk.crv === 'Ed25519' || (jwk as { readonly crv?: string }).crv === 'P-256'
  if (!isKnown) return notForVoting(path)
  const alg: VoterAlgorithm = jwk.crv === 'Ed25519' ? 'Ed25519' : 'ES256'
  return {
    ok: true,
    value: {
      alg,
      publicKey(from) {
        const voterKey = voterKeyOf(jwk, from)
        return voterKey ? { ok: true, value: voterKey } : notForVoting(path)
      },
      sign: (bytes) =>
        alg === 'Ed25519'
          ? sign(null, bytes, key)
          : sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }),
    },
  }
}
