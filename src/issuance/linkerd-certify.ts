import type { CertificateDer } from '../core/der.js'
import { ok, type Result } from '../core/result.js'
import type { SerialNumber } from '../core/serial.js'
import { type RandomBytes, unixSeconds, type UnixSeconds } from '../core/time.js'
import type { Issued, IssueRequest } from './issue-leaf.js'

export interface CertifyInput {
  readonly identity: string
  readonly token: string
  readonly csr: Uint8Array
  readonly requestId: string
  readonly signal: AbortSignal
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

/** The share of a lifetime over which the renewals of one restart are spread. */
const SPREAD = 0.2

/**
 * Linkerd's `Certify` over the one use case. Proxies renew at 70 % of the time to `valid_until`
 * without jitter of their own, so those that start together would renew together for ever: each is
 * told another end, never later than the leaf's own.
 */
export function certifyWith(deps: {
  readonly issueLeaf: (request: IssueRequest) => Promise<Result<Issued>>
  readonly random: RandomBytes
}) {
  return async function certify(input: CertifyInput): Promise<Result<Certified>> {
    const issued = await deps.issueLeaf({
      csr: input.csr,
      evidence: { kind: 'kubernetes', token: input.token },
      identity: input.identity,
      requestId: input.requestId,
      signal: input.signal,
    })
    if (!issued.ok) return issued
    const { leaf, chain, record } = issued.value
    return ok({
      leaf,
      intermediates: chain,
      validUntil: spread(record.issuedAt, record.notAfter, deps.random),
      alias: record.alias,
      serial: record.serial,
    })
  }
}

/** An instant in the last fifth of the lifetime, evenly spread, at most `notAfter`. */
export function spread(from: UnixSeconds, notAfter: UnixSeconds, random: RandomBytes): UnixSeconds {
  const share = Buffer.from(random(4)).readUInt32BE() / 2 ** 32
  return unixSeconds(Math.ceil(notAfter - (notAfter - from) * SPREAD * share))
}
