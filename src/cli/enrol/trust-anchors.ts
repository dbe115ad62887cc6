import { createHash, X509Certificate } from 'node:crypto'
import { parsePem, renderPem } from '../../core/pem.js'
import { JsonReader } from '../json-reader.js'
import { type Outcome, refused, usage } from '../problem.js'
import { exchange } from './exchange.js'

/** What the operator handed over to know the CA by, on first contact. */
export type Pin =
  | { readonly kind: 'bundle'; readonly anchorsPem: string }
  /** SHA-256 of the DER of one trust anchor, hex. */
  | { readonly kind: 'fingerprint'; readonly sha256: string }

/** `sha256:<64 hex digits>`, with or without colons between octets. */
export function parseFingerprint(text: string): Outcome<Pin> {
  const sha256 = /^sha256:([0-9a-f:]+)$/i.exec(text)?.[1]?.replaceAll(':', '').toLowerCase()
  if (sha256?.length === 64) return { ok: true, value: { kind: 'fingerprint', sha256 } }
  return usage('--ca-fingerprint is no fingerprint', {
    wanted: 'sha256: and 64 hex digits, as capstan token create prints it',
    found: JSON.stringify(text.slice(0, 80)),
  })
}

/** CA certificates of a PEM text, and nothing else in it. */
export function parseBundle(text: string, name: string): Outcome<string> {
  const blocks = parsePem(text)
  const fits =
    blocks !== undefined &&
    blocks.length > 0 &&
    blocks.every(({ label }) => label === 'CERTIFICATE')
  const authorities = fits ? blocks.map(({ der }) => authorityPem(der)) : [undefined]
  if (authorities.includes(undefined)) {
    return usage(`${name} is no trust bundle`, {
      wanted: 'CA certificates in PEM, and nothing else',
    })
  }
  return { ok: true, value: authorities.join('') }
}

/** PEM of a certificate that may sign others; undefined for anything else. */
function authorityPem(der: Uint8Array): string | undefined {
  try {
    return new X509Certificate(der).ca ? renderPem('CERTIFICATE', der) : undefined
  } catch {
    return undefined
  }
}

/**
 * The trust anchors to believe from now on. A fingerprint is looked up in the server's own public
 * bundle, read without believing anything: only the certificate with this SHA-256 is taken.
 */
export async function anchorsFor(
  pin: Pin,
  server: URL,
  signal: AbortSignal,
): Promise<Outcome<string>> {
  if (pin.kind === 'bundle') return { ok: true, value: pin.anchorsPem }
  const bundle = await exchange({
    server,
    method: 'GET',
    path: '/v1/bundle',
    trust: { kind: 'unverified' },
    signal,
  })
  if (!bundle.ok) return bundle
  const offered = anchorsIn(bundle.value)
  const pinned = offered.find(
    ({ der }) => createHash('sha256').update(der).digest('hex') === pin.sha256,
  )
  if (pinned !== undefined) return { ok: true, value: pinned.pem }
  return refused({
    code: 'enrol.untrusted-server',
    detail: `${server.host} does not serve the trust anchor that was pinned; it was told nothing`,
    wanted: `sha256:${pin.sha256}`,
    found: offered.length === 0 ? 'no trust anchors' : `${offered.length} other trust anchors`,
    next: 'compare --server and --ca-fingerprint with what the operator gave you',
  })
}

/** The whole bundle, from a server that is verified against anchors already believed. */
export async function readBundle(
  anchorsPem: string,
  server: URL,
  signal: AbortSignal,
): Promise<Outcome<string>> {
  const trust = { kind: 'only', anchorsPem } as const
  const bundle = await exchange({ server, method: 'GET', path: '/v1/bundle', trust, signal })
  if (!bundle.ok) return bundle
  const anchors = anchorsIn(bundle.value)
  if (anchors.length > 0) return { ok: true, value: anchors.map(({ pem }) => pem).join('') }
  return refused({ code: 'enrol.bad-answer', detail: `${server.host} has no trust anchors` })
}

/** CA certificates of a `GET /v1/bundle` answer; what is none is left out. */
function anchorsIn(value: unknown): readonly { readonly der: Uint8Array; readonly pem: string }[] {
  try {
    return new JsonReader(value).objects('trustAnchors').flatMap((anchor) => {
      const [block, ...more] = parsePem(anchor.raw('pem')) ?? []
      const pem = block && more.length === 0 ? authorityPem(block.der) : undefined
      return block && pem !== undefined ? [{ der: block.der, pem }] : []
    })
  } catch {
    return []
  }
}
