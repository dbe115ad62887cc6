/** The 4 or 16 octets of an address as people write it; undefined when it is none. */
export function parseIpAddress(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseV6(text) : parseV4(text)
}

function parseV4(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  // A leading zero is octal to some readers and decimal to others: neither is meant here.
  const plain = parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
  return parts.length === 4 && plain ? Uint8Array.from(parts, Number) : undefined
}

function parseV6(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map(groupsOf)
  if (head === undefined) return undefined
  if (halves.length === 1) return head.length === 8 ? octetsOf(head) : undefined
  // "::" stands for at least one group of zeros.
  if (tail === undefined || head.length + tail.length > 7) return undefined
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => 0)
  return octetsOf([...head, ...zeros, ...tail])
}

function groupsOf(text: string): number[] | undefined {
  if (text === '') return []
  const parts = text.split(':')
  return parts.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part))
    ? parts.map((part) => Number.parseInt(part, 16))
    : undefined
}

const octetsOf = (groups: readonly number[]): Uint8Array =>
  Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]))

/** Dotted decimal, or RFC 5952; undefined for octets that are no address. */
export function renderIpAddress(octets: Uint8Array): string | undefined {
  if (octets.length === 4) return octets.join('.')
  if (octets.length !== 16) return undefined
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((octets[2 * i] ?? 0) << 8) | (octets[2 * i + 1] ?? 0)).toString(16),
  )
  const { from, length } = longestZeros(groups)
  if (length < 2) return groups.join(':')
  return `${groups.slice(0, from).join(':')}::${groups.slice(from + length).join(':')}`
}

/** The first longest run of zero groups. */
function longestZeros(groups: readonly string[]): { from: number; length: number } {
  let best = { from: 0, length: 0 }
  let length = 0
  groups.forEach((group, at) => {
    length = group === '0' ? length + 1 : 0
    if (length > best.length) best = { from: at - length + 1, length }
  })
  return best
}
