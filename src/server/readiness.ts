import { DependencyError } from '../core/dependency-error.js'
import { type Clock, seconds, plus, type UnixSeconds } from '../core/time.js'
import { toIso } from '../core/time.js'
import type { Authority } from '../issuance/authority.js'
import type { IssuanceLedger } from '../issuance/ports.js'
import type { Readiness } from './http/shapes.js'

type Check = Readiness['checks'][number]

interface Deps {
  readonly authority: () => Authority
  readonly ledger: Pick<IssuanceLedger, 'probe'>
  readonly clock: Clock
  /** What else must hold, as of now. */
  readonly more?: () => Readiness['checks']
}

/** A probe writes to the disk: however often anybody asks, it is made this often. */
const FRESH = seconds(1)
/** A write that takes longer than this is as good as none. */
const WRITES_WITHIN = seconds(5)

/** Can this server issue right now, and if not, why? */
export class ReadinessWatch {
  private latest: { readonly at: UnixSeconds; readonly answer: Promise<Readiness> } | undefined
  private isReady = false
  private stopping = false
  private probing: { readonly since: UnixSeconds; readonly written: Promise<Check> } | undefined
  private readonly listeners = new Set<() => void>()
  private readonly deps: Deps

  constructor(deps: Deps) {
    this.deps = deps
  }

  /** As of the last measurement, for callers that cannot wait. */
  ready(): boolean {
    return this.isReady && !this.stopping
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** At most a second old. */
  measure(): Promise<Readiness> {
    const now = this.deps.clock.now()
    if (this.latest?.at !== now) this.latest = { at: now, answer: this.look(now) }
    return this.latest.answer
  }

  /** From now on it is not ready, whatever the checks say: load balancers turn away first. */
  stop(): void {
    this.stopping = true
    this.latest = undefined
    this.tell()
  }

  /** Measures until `signal` aborts. */
  async keepMeasuring(signal: AbortSignal): Promise<void> {
    const { clock } = this.deps
    while (!signal.aborted) {
      await this.measure()
      await clock.sleepUntil(plus(clock.now(), FRESH), signal)
    }
  }

  private async look(now: UnixSeconds): Promise<Readiness> {
    const checks = [
      this.issuerCheck(now),
      this.trustAnchorCheck(now),
      await this.storeCheck(now),
      ...(this.deps.more?.() ?? []),
    ]
    if (this.stopping) checks.push({ name: 'serving', ok: false, detail: 'stopping' })
    const before = this.isReady
    this.isReady = checks.every((check) => check.ok)
    if (before !== this.isReady) this.tell()
    return { ready: this.isReady, checks }
  }

  private issuerCheck(now: UnixSeconds): Check {
    const issuer = this.deps.authority().issuer(now)
    return issuer.ok
      ? { name: 'issuer', ok: true, detail: `valid until ${toIso(issuer.value.notAfter)}` }
      : { name: 'issuer', ok: false, detail: issuer.refusal.detail }
  }

  private trustAnchorCheck(now: UnixSeconds): Check {
    const ends = this.deps.authority().trustAnchors.map(({ notAfter }) => notAfter)
    const last = Math.max(...ends) as UnixSeconds
    const name = 'trust-anchor'
    if (ends.length === 0) return { name, ok: false, detail: 'there is none' }
    const isValid = now <= last
    return { name, ok: isValid, detail: `${isValid ? 'valid until' : 'expired'} ${toIso(last)}` }
  }

  /** Looks at the probe under way, where there is one: a disk that hangs gets no second one. */
  private async storeCheck(now: UnixSeconds): Promise<Check> {
    this.probing ??= {
      since: now,
      written: this.probe().finally(() => {
        this.probing = undefined
      }),
    }
    const { since, written } = this.probing
    const patience = new AbortController()
    const late = this.deps.clock
      .sleepUntil(plus(since, WRITES_WITHIN), patience.signal)
      .then((): Check => {
        const detail = `store: a write takes longer than ${WRITES_WITHIN} s`
        return { name: 'store', ok: false, detail }
      })
    try {
      return await Promise.race([written, late])
    } finally {
      patience.abort()
    }
  }

  private async probe(): Promise<Check> {
    try {
      await this.deps.ledger.probe()
      return { name: 'store', ok: true, detail: 'a write is durable' }
    } catch (error) {
      const detail = error instanceof DependencyError ? error.message : 'it does not answer'
      return { name: 'store', ok: false, detail }
    }
  }

  private tell(): void {
    for (const listener of this.listeners) listener()
  }
}
