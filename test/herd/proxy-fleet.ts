import { hours, plus, type UnixSeconds, unixSeconds } from '../../src/core/time.js'
import { countedRandom } from '../support/random.js'

/** What `Certify` tells a proxy: (issued at, notAfter, its CSR) -> valid_until. */
export type ValidUntil = (from: UnixSeconds, notAfter: UnixSeconds, csr: Uint8Array) => UnixSeconds

/** Proxies `first` to `last` (not included) restart together. */
export interface Restart {
  readonly at: UnixSeconds
  readonly first: number
  readonly last: number
}

export interface Fleet {
  readonly proxies: number
  readonly start: UnixSeconds
  readonly end: UnixSeconds
  readonly restarts: readonly Restart[]
  readonly validUntil: ValidUntil
}

export interface Renewals {
  /** Certificates asked for in each minute since `start`; those of restarts are not counted. */
  readonly perMinute: Uint32Array
  readonly total: number
}

const LIFETIME = hours(24)
const MIN_REFRESH = 10
const MAX_REFRESH = 86_400

/**
 * A fleet of proxies as linkerd2-proxy times itself: it sleeps
 * `clamp(0.7 x (valid_until - now), min, max)` by its own clock, which is up to two seconds wrong,
 * and its call takes up to two seconds.
 */
export function runFleet({ proxies, start, end, restarts, validUntil }: Fleet): Renewals {
  const perMinute = new Uint32Array(Math.ceil((end - start) / 60))
  const random = countedRandom('fleet')
  let total = 0
  for (let proxy = 0; proxy < proxies; proxy += 1) {
    const own = restarts.filter(({ first, last }) => first <= proxy && proxy < last)
    const lives = [start, ...own.map(({ at }) => at), end]
    for (let life = 0; life + 1 < lives.length; life += 1) {
      const csr = random(32)
      const draw = random(8)
      const skew = ((draw[0] ?? 0) / 255) * 4 - 2
      const delay = ((draw[1] ?? 0) / 255) * 2
      const died = lives[life + 1] ?? end
      let now: number = lives[life] ?? end
      for (;;) {
        const issuedAt = unixSeconds(Math.floor(now + delay))
        const until = validUntil(issuedAt, plus(issuedAt, LIFETIME), csr)
        const sleep = 0.7 * (until - (now + delay + skew))
        now += delay + Math.min(MAX_REFRESH, Math.max(MIN_REFRESH, sleep))
        if (now >= died) break
        total += 1
        const minute = Math.floor((now - start) / 60)
        perMinute[minute] = (perMinute[minute] ?? 0) + 1
      }
    }
  }
  return { perMinute, total }
}

export const peak = (perMinute: Uint32Array): number => Math.max(...perMinute)

/** Sums of `width` minutes each. */
export function binned(perMinute: Uint32Array, width: number): number[] {
  return Array.from({ length: Math.ceil(perMinute.length / width) }, (_, bin) =>
    perMinute.subarray(bin * width, (bin + 1) * width).reduce((sum, count) => sum + count, 0),
  )
}
