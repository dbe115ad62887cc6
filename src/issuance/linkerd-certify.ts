import type { Caller } from '../core/caller.js'
import type { CertificateDer } from '../core/der.js'
import { ok, type Result } from '../core/result.js'
import type { SerialNumber } from '../core/serial.js'
import { unixSeconds, type UnixSeconds } from '../core/time.js'
import { sha256 } from '../core/uid.js'
import type { Issued, IssueRequest } from './issue-leaf.js'

export interface CertifyInput {
  readonly identity: string
  readonly token: string
  readonly csr: Uint8Array
  readonly requestId: string
  readonly caller: Caller
}

export interface Certified {
  readonly leaf: CertificateDer
  readonly intermediates: readonly CertificateDer[]
  /** When the proxy should think its certificate ends: it renews at 70 % of the way there. */
  readonly validUntil: UnixSeconds
  /** Whose it is, for the audit line. */
  readonly alias: string
  readonly serial: SerialNumber
}

/** Of the time to `valid_until`, what a proxy sleeps (linkerd2-proxy, identity-client/src/certify.rs). */
const SLEEPS = 0.7
/** Of the longest such sleep, the period of a proxy's timetable: what spreading costs is 1 / 0.9. */
const PERIOD = 0.9

/**
 * Linkerd's `Certify` over the one use case. Proxies renew at 70 % of the time to `valid_until`
 * without jitter of their own, so those that start together would renew together for ever: each is
 * told another end, never later than the leaf's own.
 */
export function certifyWith(deps: {
  readonly issueLeaf: (request: IssueRequest) => Promise<Result<Issued>>
}) {
  return async function certify(input: CertifyInput): Promise<Result<Certified>> {
    const issued = await deps.issueLeaf({
      csr: input.csr,
      evidence: { kind: 'kubernetes', token: input.token },
      identity: input.identity,
      requestId: input.requestId,
      caller: input.caller,
    })
    if (!issued.ok) return issued
    const { leaf, chain, record } = issued.value
    return ok({
      leaf,
      intermediates: chain,
      validUntil: spread(record.issuedAt, record.notAfter, input.csr),
      alias: record.alias,
      serial: record.serial,
    })
  }
}

/**
 * The `valid_until` that makes a proxy renew by its own timetable: at every instant that is its phase
 * modulo the period. The phase is drawn from the CSR, which a proxy repeats until it restarts, so
 * renewals are even over the day whenever proxies started, on every replica, and nothing is
 * remembered. It is the last such instant that the proxy can be told: of a lifetime at least a tenth
 * is left, and at most all of it.
 */
export function spread(from: UnixSeconds, notAfter: UnixSeconds, csr: Uint8Array): UnixSeconds {
  const longest = (notAfter - from) * SLEEPS
  const period = longest * PERIOD
  const phase = (Buffer.from(sha256(csr)).readUInt32BE() / 2 ** 32) * period
  const latest = from + longest
  const renewAt = latest - ((latest - phase) % period)
  return unixSeconds(Math.min(notAfter, Math.ceil(from + (renewAt - from) / SLEEPS)))
}
