/** One value of DER, taken apart without any of the rules that src/core/der-reader.ts holds to. */
export interface DerNode {
  tag: number
  content: Uint8Array
  /** What the content holds, when it holds values; `content` then says nothing. */
  children?: DerNode[]
  /** Octets that its length is spelled with beyond those it takes: not DER. */
  needless?: number
}

const MAX_DEPTH = 40

/** Do values stand in OCTET STRINGs, or are these not looked into? */
type Strings = 'open' | 'closed'

/** All of `octets` as values one after the other; undefined when they are not. */
export function readNodes(
  octets: Uint8Array,
  strings: Strings = 'open',
  depth = 0,
): DerNode[] | undefined {
  const nodes: DerNode[] = []
  for (let at = 0; at < octets.length;) {
    const tag = octets[at] ?? 0
    const header = readLength(octets, at + 1)
    if (header === undefined || header.until > octets.length) return undefined
    const content = octets.subarray(header.from, header.until)
    nodes.push(nodeOf(tag, content, strings, depth))
    at = header.until
  }
  return nodes
}

function nodeOf(tag: number, content: Uint8Array, strings: Strings, depth: number): DerNode {
  const isConstructed = (tag & 0x20) !== 0
  const mayHold = isConstructed || (strings === 'open' && tag === 4 && content[0] === 0x30)
  const children = mayHold && depth < MAX_DEPTH ? readNodes(content, strings, depth + 1) : undefined
  return children ? { tag, content, children } : { tag, content: Uint8Array.from(content) }
}

function readLength(octets: Uint8Array, at: number): { from: number; until: number } | undefined {
  const first = octets[at]
  if (first === undefined) return undefined
  if (first < 0x80) return { from: at + 1, until: at + 1 + first }
  const count = first & 0x7f
  if (count === 0 || count > 4 || at + 1 + count > octets.length) return undefined
  const length = octets
    .subarray(at + 1, at + 1 + count)
    .reduce((sum, digit) => sum * 256 + digit, 0)
  return { from: at + 1 + count, until: at + 1 + count + length }
}

/** With minimal lengths where nothing else is said: DER again, if it was DER. */
export const writeNodes = (nodes: readonly DerNode[]): Uint8Array =>
  Buffer.concat(nodes.map(writeNode))

function writeNode({ tag, content, children, needless = 0 }: DerNode): Uint8Array {
  const octets = children ? writeNodes(children) : content
  return Buffer.concat([Uint8Array.of(tag, ...lengthOctets(octets.length, needless)), octets])
}

function lengthOctets(length: number, needless: number): readonly number[] {
  if (length < 0x80 && needless === 0) return [length]
  const digits: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256)
  // A short length needs none of these.
  const most = length < 0x80 ? needless : digits.length + needless
  while (digits.length < most) digits.unshift(0)
  return [0x80 | digits.length, ...digits]
}
