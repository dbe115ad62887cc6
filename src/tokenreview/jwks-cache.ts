import { DependencyError } from '../core/dependency-error.js'
import {
  between,
  type Clock,
  hours,
  type Seconds,
  seconds,
  type UnixSeconds,
} from '../core/time.js'
import { answerBefore } from './answer-before.js'
import { BadKeySet, parseJwks, type TokenKey, type TokenKeys } from './jwks.js'
import type { JwksSource, Timers } from './ports.js'

export interface JwksPolicy {
  /** A key set this old is read again before it is used. Kubernetes serves it with max-age 3600. */
  readonly maxAge: Seconds
  /** A key set this old is not used at all, when it could not be read again since. */
  readonly maxStaleness: Seconds
  /** An unknown `kid` has the set read again, but not sooner than this after the last time. */
  readonly floor: Seconds
  /** After a failure the set is not read again sooner than this. */
  readonly floorAfterFailure: Seconds
  readonly fetchMs: number
  /** So many callers wait for one reading; who comes beside them is answered at once. */
  readonly waiting: number
}

export const defaultJwksPolicy: JwksPolicy = {
  maxAge: hours(1),
  maxStaleness: hours(12),
  floor: seconds(30),
  floorAfterFailure: seconds(5),
  fetchMs: 5000,
  waiting: 256,
}

/** Clocks that are kept right step back by less. */
const STEP = seconds(60)

interface Deps {
  /** For errors: `kubernetes prod-eu`. */
  readonly name: string
  readonly source: JwksSource
  readonly clock: Clock
  readonly timers: Timers
  readonly policy: JwksPolicy
}

/** One cluster's keys, read when they are needed and never more often than the policy allows. */
export class JwksCache {
  private keys: TokenKeys | undefined
  private readAt: UnixSeconds | undefined
  private failure: { readonly at: UnixSeconds; readonly error: DependencyError } | undefined
  private reading: Promise<void> | undefined
  private waiting = 0
  private readonly deps: Deps

  constructor(deps: Deps) {
    this.deps = deps
  }

  /**
   * The key, or undefined when the cluster does not publish it. Throws `DependencyError` when that
   * cannot be said: an unknown key while the set cannot be read is not a forged token. Beside too many
   * who wait for it, a known key is taken as it is when it cannot be read: otherwise a source that
   * hangs would hold everybody's places, and whoever invents keys could have it do so.
   */
  async find(keyId: string): Promise<TokenKey | undefined> {
    const { maxAge, maxStaleness, floor } = this.deps.policy
    let isRead = this.age() < maxAge || (await this.refresh())
    if (this.age() >= maxStaleness) throw this.unreadable()

    const key = this.keys?.get(keyId)
    if (key) return key
    if (this.age() >= floor) isRead = await this.refresh()
    if (this.failure || !isRead) throw this.unreadable()
    return this.keys?.get(keyId)
  }

  private age(): number {
    return this.since(this.readAt)
  }

  /** Seconds since then; for ever, where the clock was set back far behind it and nobody can say. */
  private since(at: UnixSeconds | undefined): number {
    if (at === undefined) return Infinity
    const passed = between(at, this.deps.clock.now())
    return passed + STEP < 0 ? Infinity : Math.max(0, passed)
  }

  /**
   * Reads the set once for all who wait; what fails stays to be told, and the old keys stay. False
   * where too many wait already.
   */
  private async refresh(): Promise<boolean> {
    const { floorAfterFailure, waiting } = this.deps.policy
    if (this.failure && this.since(this.failure.at) < floorAfterFailure) return true
    if (this.waiting >= waiting) return false
    this.waiting += 1
    this.reading ??= this.read().finally(() => (this.reading = undefined))
    await this.reading.finally(() => (this.waiting -= 1))
    return true
  }

  private async read(): Promise<void> {
    const { source, clock, timers, policy } = this.deps
    const deadline = timers.deadline(policy.fetchMs)
    const late = (): Error => new DependencyError(this.deps.name, 'no key set in time')
    try {
      this.keys = parseJwks(await answerBefore(deadline, source.fetch(deadline), late))
      this.readAt = clock.now()
      this.failure = undefined
    } catch (error) {
      this.failure = { at: clock.now(), error: this.explain(error) }
    }
  }

  private explain(error: unknown): DependencyError {
    if (error instanceof DependencyError) return error
    if (error instanceof BadKeySet) {
      return new DependencyError(this.deps.name, `its key set is refused: ${error.message}`)
    }
    throw error
  }

  private unreadable(): DependencyError {
    const error = this.failure?.error
    return new DependencyError(this.deps.name, 'its token keys could not be read', error)
  }
}
