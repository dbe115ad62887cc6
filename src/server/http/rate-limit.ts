import type { Clock } from '../../core/time.js'
import { clientOf } from '../client-of.js'

export interface RateLimits {
  /** Requests a second that a client may make for ever. */
  readonly perSecond: number
  /** Requests that it may make at once. */
  readonly burst: number
  /** Clients remembered; the one not heard of for longest is forgotten first. */
  readonly remembered: number
}

export const defaultRateLimits: RateLimits = { perSecond: 50, burst: 200, remembered: 20_000 }

/** Undefined: go on. Otherwise the whole seconds to wait. */
export type TakeTurn = (client: string) => number | undefined

interface Bucket {
  readonly tokens: number
  readonly at: number
}

/** A token bucket for each client address, in bounded memory. */
export function rateLimiterWith(clock: Pick<Clock, 'now'>, limits: RateLimits): TakeTurn {
  const take = bucketsWith(clock, limits)
  return (address) => take(clientOf(address))
}

/** A token bucket for each client, whatever clients are called by, in bounded memory. */
export function bucketsWith(clock: Pick<Clock, 'now'>, limits: RateLimits): TakeTurn {
  const buckets = new Map<string, Bucket>()
  return function takeTurn(client) {
    const now = clock.now()
    const bucket = buckets.get(client) ?? { tokens: limits.burst, at: now }
    // A clock set back refills nothing, and takes nothing away.
    const refill = Math.max(0, now - bucket.at) * limits.perSecond
    const tokens = Math.min(limits.burst, bucket.tokens + refill)
    const granted = tokens >= 1
    // Deleted first: a Map keeps the order of insertion, so its first key is the longest unheard of.
    buckets.delete(client)
    buckets.set(client, { tokens: granted ? tokens - 1 : tokens, at: now })
    if (buckets.size > limits.remembered) {
      const [stalest] = buckets.keys()
      if (stalest !== undefined) buckets.delete(stalest)
    }
    return granted ? undefined : Math.max(1, Math.ceil((1 - tokens) / limits.perSecond))
  }
}
