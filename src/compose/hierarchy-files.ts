import { readFile } from 'node:fs/promises'
import { certificatesFromPem } from '../ca/certificates-from-pem.js'
import type { CertificateDer } from '../core/der.js'
import { reasonOf } from '../core/error-code.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { BroughtHierarchy } from '../issuance/found-authority.js'
import { privateKeyFromPem } from '../keys/private-key-from-pem.js'
import { firstLine } from './open-vault.js'

/** PEM files, by the option that named them. */
export interface HierarchyFiles {
  readonly rootCert?: string
  readonly rootKey?: string
  readonly issuerCert?: string
  readonly issuerKey?: string
  readonly keyPassphraseFile?: string
}

/** Reads an existing hierarchy; undefined when no file is named. Nothing is judged yet. */
export async function readHierarchy(
  files: HierarchyFiles,
): Promise<Result<BroughtHierarchy | undefined>> {
  const { rootCert, rootKey, issuerCert, issuerKey } = files
  if (rootCert === undefined) return ok(undefined)
  const anchors = await certificates(rootCert)
  if (!anchors.ok) return anchors
  const [trustAnchor, ...more] = anchors.value
  if (trustAnchor === undefined || more.length > 0) {
    return refuse('ca.bad-hierarchy', `${rootCert} holds more than the trust anchor`, {
      wanted: 'exactly one certificate',
      found: `${anchors.value.length}`,
    })
  }
  const phrase = await passphrase(files.keyPassphraseFile)
  if (!phrase.ok) return phrase
  if (issuerCert !== undefined && issuerKey !== undefined) {
    const below = await certificates(issuerCert)
    if (!below.ok) return below
    const key = await privateKey(issuerKey, phrase.value)
    if (!key.ok) return key
    // A file often ends with the trust anchor itself.
    const isAnchor = (der: CertificateDer): boolean => Buffer.compare(der, trustAnchor) === 0
    const chain = [...below.value.filter((der) => !isAnchor(der)), trustAnchor]
    return ok({ kind: 'issuer', certificates: chain, issuerKey: key.value })
  }
  if (rootKey === undefined) {
    return refuse('ca.key-missing', 'nothing here could sign', {
      wanted: '--root-key, or --issuer-cert and --issuer-key',
    })
  }
  const key = await privateKey(rootKey, phrase.value)
  if (!key.ok) return key
  return ok({ kind: 'root', trustAnchor, trustAnchorKey: key.value })
}

async function certificates(path: string): Promise<Result<readonly CertificateDer[]>> {
  const text = await fileText(path)
  if (!text.ok) return text
  const found = certificatesFromPem(text.value)
  return found.ok ? found : inFile(path, found)
}

async function privateKey(path: string, phrase: string | undefined): Promise<Result<Uint8Array>> {
  const text = await fileText(path)
  if (!text.ok) return text
  const key = privateKeyFromPem(text.value, phrase)
  return key.ok ? key : inFile(path, key)
}

async function passphrase(path: string | undefined): Promise<Result<string | undefined>> {
  if (path === undefined) return ok(undefined)
  const text = await fileText(path)
  return text.ok ? ok(firstLine(text.value)) : text
}

async function fileText(path: string): Promise<Result<string>> {
  try {
    return ok(await readFile(path, 'utf8'))
  } catch (error) {
    return refuse('config.malformed', `cannot read ${path}`, { found: reasonOf(error) })
  }
}

/** The same refusal, with the file that it is about. */
function inFile<R extends { readonly ok: false; readonly refusal: { readonly detail: string } }>(
  path: string,
  refused: R,
): R {
  return {
    ...refused,
    refusal: { ...refused.refusal, detail: `${path}: ${refused.refusal.detail}` },
  }
}
