import { replaced } from '../mutate/octets.js'

const NOTHING = new Uint8Array(0)

/**
 * A short input of which `isSame` still holds: whatever can be left out is left out, and what can be
 * a plain character is one. Tries at most `tries` times.
 */
export async function minimised(
  input: Uint8Array,
  isSame: (candidate: Uint8Array) => Promise<boolean>,
  tries = 2000,
): Promise<Uint8Array> {
  let best = input
  let left = tries
  for (let size = best.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < best.length && left > 0;) {
      left -= 1
      const candidate = replaced(best, at, Math.min(best.length, at + size), NOTHING)
      if (await isSame(candidate)) best = candidate
      else at += size
    }
  }
  for (let at = 0; at < best.length && left > 0; at += 1) {
    if (best[at] === PLAIN) continue
    left -= 1
    const candidate = replaced(best, at, at + 1, Uint8Array.of(PLAIN))
    if (await isSame(candidate)) best = candidate
  }
  return best
}

/** `a` */
const PLAIN = 0x61
