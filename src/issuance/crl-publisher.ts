import { signCrl } from '../ca/crl.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { type Clock, plus, type Seconds, type UnixSeconds } from '../core/time.js'
import type { Authority } from './authority.js'
import type { IssuanceLedger } from './ports.js'

interface Published {
  readonly der: Uint8Array
  readonly thisUpdate: UnixSeconds
}

/** Signs an issuer's CRL when it is asked for, and keeps it until something changes or half its life. */
export class CrlPublisher {
  private readonly published = new Map<string, Promise<Published>>()
  private readonly deps: {
    readonly authority: () => Authority
    readonly ledger: Pick<IssuanceLedger, 'revoked' | 'nextCrlNumber'>
    readonly clock: Pick<Clock, 'now'>
    /** `nextUpdate - thisUpdate` */
    readonly lifetime: Seconds
  }

  constructor(deps: CrlPublisher['deps']) {
    this.deps = deps
  }

  /** Something was revoked: the next one asked for is a new one. */
  changed(): void {
    this.published.clear()
  }

  async crl(
    issuerId: string,
  ): Promise<Result<Uint8Array, Refusal<'request.not-found' | 'ca.no-issuer'>>> {
    const { authority, clock, lifetime } = this.deps
    if (!authority().issuers.some(({ id }) => id === issuerId)) {
      return refuse('request.not-found', 'there is no such issuer', { next: 'capstan status' })
    }
    const key = authority().crlSigner(issuerId)
    if (!key) return refuse('ca.no-issuer', 'the key of this issuer is not here')
    const present = await this.published.get(issuerId)
    const age = present ? clock.now() - present.thisUpdate : -1
    // Below zero the clock was set back: verifiers would call it not yet valid.
    if (present && age >= 0 && age < lifetime / 2) return ok(present.der)
    const next = this.make(issuerId, key)
    this.published.set(issuerId, next)
    next.catch(() => this.published.delete(issuerId))
    return ok((await next).der)
  }

  private async make(
    issuerId: string,
    key: NonNullable<ReturnType<Authority['crlSigner']>>,
  ): Promise<Published> {
    const { ledger, clock, lifetime } = this.deps
    const thisUpdate = clock.now()
    const rows = await ledger.revoked(issuerId, thisUpdate)
    const revoked = rows.flatMap(({ serial, revocation }) =>
      revocation ? [{ serial, at: revocation.at, reason: revocation.reason }] : [],
    )
    const number = await ledger.nextCrlNumber(issuerId)
    const plan = { number, thisUpdate, nextUpdate: plus(thisUpdate, lifetime), revoked }
    return { der: await signCrl(plan, key), thisUpdate }
  }
}
