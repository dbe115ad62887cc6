import { createPrivateKey } from 'node:crypto'
import type { RandomBytes, UnixSeconds } from '../../core/time.js'
import { type Outcome, refused } from '../problem.js'
import { renderTime } from '../screen/times.js'
import { exchange } from './exchange.js'
import type { IdentityFolder, IdentityMeta, StoredIdentity } from './identity-folder.js'
import { checkIssued, type IssuedIdentity } from './issued-identity.js'
import { type KeyAndCsr, makeKeyAndCsr } from './key-and-csr.js'
import { anchorsFor, type Pin, readBundle } from './trust-anchors.js'

/** What enrolment shows to be let in. */
export type Evidence =
  | { readonly kind: 'join-token'; readonly token: string }
  | { readonly kind: 'kubernetes'; readonly token: string; readonly cluster?: string }

export interface EnrolDeps {
  readonly folder: IdentityFolder
  readonly now: UnixSeconds
  readonly random: RandomBytes
  readonly signal: AbortSignal
}

export interface EnrolRequest {
  readonly alias: string
  readonly server: URL
  readonly pin: Pin
  readonly evidence: Evidence
  readonly ttlSeconds?: number
}

/** First contact: evidence in, an identity in the folder. Nothing is written unless all of it holds. */
export async function enrol(
  deps: EnrolDeps,
  request: EnrolRequest,
): Promise<Outcome<IdentityMeta>> {
  const { folder, signal } = deps
  // Everything that can fail here fails before the token is spent.
  const ours = await folder.checkOurs()
  if (!ours.ok) return ours
  const before = await folder.read()
  if (!before.ok) return before
  if (before.value !== undefined && before.value.meta.alias !== request.alias) {
    return otherIdentity(folder, before.value.meta.alias, request.alias)
  }
  const pinned = await anchorsFor(request.pin, request.server, signal)
  if (!pinned.ok) return pinned
  const bundle = await readBundle(pinned.value, request.server, signal)
  if (!bundle.ok) return bundle

  const ask = (made: KeyAndCsr): Promise<Outcome<unknown>> =>
    exchange({
      server: request.server,
      method: 'POST',
      path: '/v1/certificates',
      trust: { kind: 'only', anchorsPem: pinned.value },
      body: {
        csr: made.csrPem,
        evidence: request.evidence,
        ...(request.ttlSeconds === undefined ? {} : { ttlSeconds: request.ttlSeconds }),
      },
      signal,
    })
  const accept = (issued: IssuedIdentity): Outcome<undefined> =>
    issued.alias === request.alias
      ? { ok: true, value: undefined }
      : refused({
          code: 'enrol.wrong-identity',
          detail: 'the evidence is for another entry; nothing was written',
          wanted: request.alias,
          found: issued.alias,
          next: `capstan cert get ${issued.alias}, if that is who this should be`,
        })
  return obtain(deps, { ask, accept, bundlePem: bundle.value, server: request.server })
}

/** The current certificate for a new one, over mutual TLS, with a new key. */
export async function renew(
  deps: EnrolDeps,
  server?: URL,
): Promise<Outcome<{ readonly before: IdentityMeta; readonly after: IdentityMeta }>> {
  const stored = await currentIdentity(deps.folder)
  if (!stored.ok) return stored
  const { meta, keyPem, certPem, bundlePem } = stored.value
  const at = server ?? new URL(meta.server)
  // The bundle that is held decides whom to believe; what that server says is the next bundle.
  const bundle = await readBundle(bundlePem, at, deps.signal)
  if (!bundle.ok) return bundle
  const ask = (made: KeyAndCsr): Promise<Outcome<unknown>> =>
    exchange({
      server: at,
      method: 'POST',
      path: '/v1/renew',
      trust: { kind: 'only', anchorsPem: bundlePem },
      identity: { keyPem, certPem },
      body: { csr: made.csrPem },
      signal: deps.signal,
    })
  const accept = (issued: IssuedIdentity): Outcome<undefined> =>
    issued.uid === meta.uid
      ? { ok: true, value: undefined }
      : refused({
          code: 'enrol.wrong-identity',
          detail: 'the server renewed for another entry; nothing was written',
          wanted: meta.uid,
          found: issued.uid,
        })
  const after = await obtain(deps, { ask, accept, bundlePem: bundle.value, server: at })
  if (after.ok) return { ok: true, value: { before: meta, after: after.value } }
  return after.problem.code === 'renewal.expired' ? expired(meta, deps.now) : after
}

/** The identity that renewal starts from; refused when there is none. */
export async function currentIdentity(folder: IdentityFolder): Promise<Outcome<StoredIdentity>> {
  const stored = await folder.read()
  if (!stored.ok) return stored
  if (stored.value !== undefined) return { ok: true, value: stored.value }
  return refused({
    code: 'enrol.no-identity',
    detail: `${folder.path} holds no identity`,
    next: 'capstan cert get ALIAS --server URL --token TOKEN --out FOLDER',
  })
}

interface Obtain {
  readonly ask: (made: KeyAndCsr) => Promise<Outcome<unknown>>
  readonly accept: (issued: IssuedIdentity) => Outcome<undefined>
  readonly bundlePem: string
  readonly server: URL
}

/** New key on disk, certificate for it, both checked, both in place at once. */
async function obtain(
  deps: EnrolDeps,
  { ask, accept, bundlePem, server }: Obtain,
): Promise<Outcome<IdentityMeta>> {
  const made = makeKeyAndCsr()
  const staged = await deps.folder.stage(made.keyPem, deps.now, deps.random)
  if (!staged.ok) return staged
  let published = false
  try {
    const answer = await ask(made)
    if (!answer.ok) return answer
    const issued = checkIssued(answer.value, createPrivateKey(made.keyPem), bundlePem)
    if (!issued.ok) return issued
    const accepted = accept(issued.value)
    if (!accepted.ok) return accepted
    const { certPem, ...about } = issued.value
    const meta: IdentityMeta = { ...about, server: server.origin }
    const written = await staged.value.publish(certPem, bundlePem, meta)
    published = written.ok
    return written.ok ? { ok: true, value: meta } : written
  } finally {
    if (!published) await staged.value.discard()
  }
}

function otherIdentity(folder: IdentityFolder, found: string, wanted: string): Outcome<never> {
  return refused({
    code: 'enrol.wrong-identity',
    detail: `${folder.path} holds the identity of another entry; it is left alone`,
    wanted,
    found,
    next: 'choose another folder with --out',
  })
}

function expired(meta: IdentityMeta, now: UnixSeconds): Outcome<never> {
  return refused({
    code: 'enrol.expired',
    detail: `the certificate of ${meta.alias} has expired and cannot renew any more`,
    found: `valid until ${renderTime(meta.notAfter, now)}`,
    next: `capstan token create ${meta.alias} (an operator), then capstan cert get ${meta.alias} with that token`,
  })
}
