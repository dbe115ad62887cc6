/**
 * The dotted form of an OBJECT IDENTIFIER whose content is `bytes` from `from` to before `until`;
 * undefined when that is none. Arcs are exact at any size: one that is cut to 32 or 53 bits could be
 * taken for a known identifier.
 */
export function parseOidOctets(bytes: Uint8Array, from: number, until: number): string | undefined {
  let dotted = ''
  let arc = 0
  let begun = false
  let large: bigint | undefined
  for (let at = from; at < until; at++) {
    const octet = bytes[at] ?? 0
    // X.690 section 8.19.2: the first octet of an arc is not 0x80, a leading zero.
    if (!begun && octet === 0x80) return undefined
    begun = true
    if (large === undefined && arc > LARGEST_SHIFTABLE) large = BigInt(arc)
    if (large !== undefined) large = large * 128n + BigInt(octet & 0x7f)
    else arc = arc * 128 + (octet & 0x7f)
    if (octet >= 0x80) continue
    dotted += dotted === '' ? firstArcs(large ?? arc) : `.${large ?? arc}`
    arc = 0
    large = undefined
    begun = false
  }
  return begun || dotted === '' ? undefined : dotted
}

/** Beyond this, seven more bits leave the exact integers of a double. */
const LARGEST_SHIFTABLE = 2 ** 46 - 1

/** X.690 section 8.19.4: the first two arcs share one number, 40 * first + second. */
function firstArcs(joint: number | bigint): string {
  if (joint < 40) return `0.${joint}`
  if (joint < 80) return `1.${Number(joint) - 40}`
  return `2.${BigInt(joint) - 80n}`
}

/** The content octets of a dotted OBJECT IDENTIFIER. Throws on text that is none: it is a constant of ours. */
export function oidOctets(dotted: string): Uint8Array {
  if (!/^[012](\.(0|[1-9]\d*))+$/.test(dotted)) throw new TypeError(`not an OID: ${dotted}`)
  const [first = 0n, second = 0n, ...rest] = dotted.split('.').map(BigInt)
  if (first < 2n && second >= 40n) throw new TypeError(`not an OID: ${dotted}`)
  return Uint8Array.from([first * 40n + second, ...rest].flatMap(base128))
}

function base128(arc: bigint): number[] {
  const octets = [Number(arc & 0x7fn)]
  for (let rest = arc >> 7n; rest > 0n; rest >>= 7n) octets.unshift(Number(rest & 0x7fn) | 0x80)
  return octets
}
