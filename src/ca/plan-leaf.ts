import type { SpkiDer } from '../core/der.js'
import { parseDnsName } from '../core/names.js'
import type { SerialNumber } from '../core/serial.js'
import {
  LEAF_BACKDATE,
  minus,
  plus,
  type Seconds,
  seconds,
  type UnixSeconds,
  unixSeconds,
} from '../core/time.js'
import type { Uid } from '../core/uid.js'
import { unreachable } from '../core/unreachable.js'
import type { LeafPlan, SubjectAltName, Usage } from './leaf.js'
import { parseIpAddress } from './x509/ip-address.js'

export interface LeafTerms {
  readonly serial: SerialNumber
  readonly spki: SpkiDer
  readonly subjectUid?: Uid
  /** In SAN order. */
  readonly names: readonly SubjectAltName[]
  readonly usages: readonly Usage[]
  /** Canonical JSON for the identity extension. */
  readonly identity?: string
  /** The ceiling. */
  readonly maxTtl: Seconds
  /** May only shorten. */
  readonly requestedTtl?: Seconds
  /** `notAfter`: the earliest of issuer, intermediates and trust anchor. */
  readonly issuer: { readonly notBefore: UnixSeconds; readonly notAfter: UnixSeconds }
  readonly now: UnixSeconds
  /** `LEAF_BACKDATE` unless said. */
  readonly backdate?: Seconds
}

/** Each costs every verifier a comparison; a workload has two, a server a handful. */
const MAX_NAMES = 64

/**
 * Decides everything a leaf will say. It is valid for `ttl` seconds counted from `now`, the last of
 * them being notAfter, which is inclusive (RFC 5280 section 4.1.2.5): `ttl` never becomes `ttl + 1`.
 * Throws on terms that no grant has and no configuration passes, and outside the issuer's validity:
 * the caller asks for a usable issuer first.
 */
export function planLeaf(terms: LeafTerms): LeafPlan {
  const { serial, spki, subjectUid, names, usages, identity, issuer, now } = terms
  checkNames(names)
  if (usages.length === 0 || new Set(usages).size !== usages.length) {
    throw new TypeError('a leaf has each of its usages once, and at least one')
  }
  if (now < issuer.notBefore || now > issuer.notAfter) {
    throw new RangeError('the issuer is not valid now')
  }
  const ttl = seconds(Math.min(terms.maxTtl, terms.requestedTtl ?? terms.maxTtl))
  if (ttl < 1) throw new RangeError('a leaf is valid for at least a second')
  const backdated = minus(now, terms.backdate ?? LEAF_BACKDATE)
  const wanted = plus(now, seconds(ttl - 1))
  return {
    serial,
    spki,
    names,
    usages,
    notBefore: unixSeconds(Math.max(backdated, issuer.notBefore)),
    notAfter: unixSeconds(Math.min(wanted, issuer.notAfter)),
    ...(subjectUid === undefined ? {} : { subjectUid }),
    ...(identity === undefined ? {} : { identity }),
  }
}

function checkNames(names: readonly SubjectAltName[]): void {
  if (names.length === 0 || names.length > MAX_NAMES) {
    throw new TypeError(`a leaf has 1 to ${MAX_NAMES} names`)
  }
  const wrong = names.find((name) => !isName(name))
  if (wrong)
    throw new TypeError(`no leaf has the ${wrong.kind} name ${JSON.stringify(wrong.value)}`)
  // X509-SVID section 2: exactly one URI, or a validator refuses it.
  if (names.filter(({ kind }) => kind === 'uri').length > 1) {
    throw new TypeError('a leaf has one URI name')
  }
}

/** X509-SVID and SPIFFE-ID section 2; no wildcard, no upper case, nothing to be read in two ways. */
const SPIFFE_ID = /^spiffe:\/\/([a-z0-9._-]{1,255})((?:\/[A-Za-z0-9._-]+)+)$/

function isName({ kind, value }: SubjectAltName): boolean {
  switch (kind) {
    case 'dns':
      return parseDnsName(value) !== undefined
    case 'uri':
      return value.length <= 2048 && SPIFFE_ID.test(value) && !/\/\.\.?(\/|$)/.test(value)
    case 'ip':
      return parseIpAddress(value) !== undefined
    default:
      return unreachable(kind)
  }
}
