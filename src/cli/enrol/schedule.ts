import {
  between,
  plus,
  type RandomBytes,
  type Seconds,
  seconds,
  type UnixSeconds,
} from '../../core/time.js'

const FIRST_RETRY_SECONDS = 5
const LONGEST_RETRY_SECONDS = 300

/**
 * When to renew: at 2/3 of the lifetime, spread evenly over 1/24 of it to either side, so that
 * machines started together do not stay together.
 */
export function renewalTime(
  certificate: { readonly notBefore: UnixSeconds; readonly notAfter: UnixSeconds },
  random: RandomBytes,
): UnixSeconds {
  const lifetime = between(certificate.notBefore, certificate.notAfter)
  const share = 2 / 3 + (uniform(random) - 0.5) / 12
  return plus(certificate.notBefore, seconds(Math.floor(lifetime * share)))
}

/** Pause after the nth failure (from 1): doubling from 5 s to 5 min, half of it left to chance. */
export function retryPause(failures: number, random: RandomBytes): Seconds {
  const ceiling = Math.min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** Math.min(failures, 16))
  const spread = ceiling / 2 + uniform(random) * (ceiling / 2)
  return seconds(Math.max(FIRST_RETRY_SECONDS, Math.floor(spread)))
}

/** From 0 up to, not including, 1. */
function uniform(random: RandomBytes): number {
  const octets = random(4)
  return new DataView(octets.buffer, octets.byteOffset, 4).getUint32(0) / 2 ** 32
}
