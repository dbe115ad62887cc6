import {
  CLOCK_TOLERANCE,
  LEAF_BACKDATE,
  plus,
  type Seconds,
  seconds,
  type UnixSeconds,
  unixSeconds,
} from '../core/time.js'
import { sha256Hex } from '../core/uid.js'
import type { Binding } from './binding.js'
import { isBraked } from './brake-mark.js'
import { brakedAbove } from './effective-envelope.js'
import type { Entry } from './entry.js'
import { evidenceFault } from './evidence-then.js'
import { type Grant, standing, type StandingOf } from './grant.js'
import type { IssuanceRecord } from './issuance-record.js'
import { type CertificateClaims, type IssuedThen, no, type NotAllowed } from './not-allowed.js'
import { serverLeafFault } from './server-leaf-then.js'
import type { IndexState } from './state.js'

/**
 * How long after a record a certificate may still be of the index before it: a grant is recorded within
 * moments, and the clock of the same server may be set right meanwhile.
 */
export const GRANT_LAG: Seconds = seconds(600)

/**
 * Was this certificate allowed by the index of its moment? `state` is the index of just as many
 * records as the certificate's record names; of a certificate of the CA's own listeners, any.
 * Pure. Undefined: yes, as far as what is there shows; of a record alone without its certificate,
 * names, lifetime and key are not looked at. What the real issuing path makes is always allowed.
 */
export function allowedThen(
  state: IndexState,
  issued: IssuedThen,
  standingOf: StandingOf = standing,
): NotAllowed | undefined {
  const { record, certificate } = issued
  if (record.entry === null) return serverLeafThen(issued)
  const odd = oddCertificate(issued)
  if (odd) return odd
  if (record.size !== state.size) throw new RangeError('the index of another moment')
  if (state.source.meta.unfinished !== undefined) {
    return no('no-such-state', 'a size at which all changes made together are made', record.size)
  }
  const found = standingThen(state, issued, standingOf)
  if (!found.ok) return found.because
  const { grant, binding } = found
  if (grant.policyDigest !== record.policyDigest) {
    return no('policy-digest', grant.policyDigest, record.policyDigest)
  }
  return (
    (certificate?.claims && differsFromGrant(certificate.claims, grant)) ??
    evidenceFault(issued, binding) ??
    replaced(issued)
  )
}

/** The same of a certificate of the CA's own listeners, about which no index says anything. Pure. */
export const serverLeafThen = (issued: IssuedThen): NotAllowed | undefined =>
  oddCertificate(issued) ?? serverLeafFault(issued)

/** What is wrong with it whatever the index says. */
const oddCertificate = (issued: IssuedThen): NotAllowed | undefined =>
  issued.certificate && (otherCertificate(issued.record, issued.certificate) ?? notYet(issued))

/** Is it the certificate that the record is of, and one that a leaf can be? */
function otherCertificate(
  record: IssuanceRecord,
  { der, claims }: NonNullable<IssuedThen['certificate']>,
): NotAllowed | undefined {
  const digest = sha256Hex(der)
  if (digest !== record.certificate) return no('other-certificate', record.certificate, digest)
  if (!claims) return no('not-a-leaf', 'a certificate in DER', 'octets that are none')
  if (claims.isMoreThanLeaf) {
    return no('not-a-leaf', 'a leaf', 'one that may sign, or with an unknown critical extension')
  }
  if (claims.serial !== record.serial) {
    return no('other-certificate', `serial ${record.serial}`, claims.serial)
  }
  if (claims.notAfter !== record.notAfter) {
    return no('other-certificate', `notAfter ${record.notAfter}`, claims.notAfter)
  }
  return undefined
}

type Found =
  | { readonly ok: true; readonly grant: Grant; readonly binding: Binding | undefined }
  | { readonly ok: false; readonly because: NotAllowed }

const notFound = (because: NotAllowed): Found => ({ ok: false, because })

/** What the index says of the entry and the binding that the record names. */
function standingThen(
  state: IndexState,
  { record, certificate }: IssuedThen,
  standingOf: StandingOf,
): Found {
  const entry = record.entry === null ? undefined : state.entries.get(record.entry)
  if (!entry) return notFound(no('unknown-entry', 'an entry of the index', record.entry))
  if (entry.rev !== record.rev) {
    return notFound(no('other-revision', `revision ${entry.rev}`, record.rev))
  }
  const binding = entry.bindings.find(({ id }) => id === record.binding)
  if (record.binding !== null && !binding) {
    return notFound(no('unknown-binding', 'a binding of the entry', record.binding))
  }
  const claims = certificate?.claims
  // The latest second in which it can have been issued: a brake may have ended by then.
  const latest = claims ? plus(claims.notBefore, LEAF_BACKDATE) : record.notAfter
  const idle = inactive(state, entry, record.notAfter, latest)
  if (idle) return notFound(idle)
  if (entry.validUntil !== undefined && record.notAfter >= entry.validUntil) {
    const wanted = `an end before that of the entry, ${entry.validUntil}`
    return notFound(no('expired-entry', wanted, record.notAfter))
  }
  const stands = standingOf(state, entry, binding)
  if (stands.ok) return { ok: true, grant: stands.value, binding }
  const { code, wanted = 'what the index allows', found } = stands.refusal
  const reason = code === 'grant.not-active' ? 'not-active' : 'not-admitted'
  return notFound(no(reason, wanted, found))
}

function inactive(
  state: IndexState,
  entry: Entry,
  notAfter: UnixSeconds,
  at: UnixSeconds,
): NotAllowed | undefined {
  if (entry.state !== 'active') {
    const helped = entry.state === 'suspended' ? entry.emergency : undefined
    if (!helped) return no('not-active', 'an active entry', entry.state)
    // No certificate outlives the grant by which it was issued, so it was issued before the grant ended.
    if (notAfter >= helped.until) {
      return no(
        'not-active',
        `an end before that of the emergency grant, ${helped.until}`,
        notAfter,
      )
    }
  }
  const braked = isBraked(entry, at) ? entry : brakedAbove(state, entry.alias, at)
  return braked && no('braked', 'a brake that was over by then', braked.brake?.until)
}

/** The certificate against all that the grant says: not one name more, not a second longer. */
function differsFromGrant(claims: CertificateClaims, grant: Grant): NotAllowed | undefined {
  const { notBefore, notAfter, keyAlgorithm } = claims
  if (claims.identity !== grant.identity) return no('identity', grant.identity, claims.identity)
  if (claims.subject !== `UID=${grant.entry}`) {
    return no('subject', `UID=${grant.entry}`, claims.subject)
  }
  const [wanted, found] = [listed(grant.names), listed(claims.names)]
  if (wanted !== found) return no('names', wanted, found)
  // It counts from when it is issued, which is no later than this after it begins.
  const longest = grant.maxTtl + LEAF_BACKDATE
  const lasts = notAfter - notBefore + 1
  if (lasts > longest) return no('lifetime', `at most ${longest} seconds`, lasts)
  if (!grant.keyAlgorithms.some((allowed) => allowed === keyAlgorithm)) {
    return no('key-algorithm', grant.keyAlgorithms.join(', '), keyAlgorithm)
  }
  if (grant.usages.join() !== claims.usages.join()) {
    return no('usages', grant.usages.join(', '), claims.usages.join(', '))
  }
  return undefined
}

const listed = (names: CertificateClaims['names']): string =>
  names.map(({ kind, value }) => `${kind}:${value}`).join(', ')

/** Does it begin after it was seen? Whoever can date it later keeps one for when nobody would grant it. */
function notYet({ certificate, seenAt }: IssuedThen): NotAllowed | undefined {
  const notBefore = certificate?.claims?.notBefore
  if (notBefore === undefined || seenAt === undefined) return undefined
  if (notBefore <= plus(seenAt, CLOCK_TOLERANCE)) return undefined
  return no('not-yet', `a beginning before it was seen at ${seenAt}`, notBefore)
}

/** Was the index that it was granted on long replaced by then? Whoever freezes it keeps alive what is gone. */
function replaced({ certificate, replacedAt, recordedAfter }: IssuedThen): NotAllowed | undefined {
  const notBefore = certificate?.claims?.notBefore
  if (notBefore === undefined || replacedAt === undefined) return undefined
  // Its own beginning is what its issuer chose to say.
  const recorded =
    recordedAfter === undefined ? notBefore : unixSeconds(Math.max(notBefore, recordedAfter))
  if (recorded <= plus(replacedAt, GRANT_LAG)) return undefined
  return no('replaced-index', `an index that was not replaced at ${replacedAt}`, recorded)
}
