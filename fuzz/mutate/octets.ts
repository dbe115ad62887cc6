import type { Random } from '../engine/random.js'
import type { Material, Mutator } from './mutator.js'

/** Octets where parsers branch: zeros, signs, lengths, punctuation. */
const TELLING = [
  0, 1, 2, 3, 5, 6, 0x0a, 0x20, 0x22, 0x2c, 0x2d, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x82,
].concat([0x84, 0x86, 0xa0, 0xa3, 0xc0, 0xe2, 0xed, 0xf0, 0xfe, 0xff])

/** Changes octets without any idea of what they mean. */
export const mutateOctets: Mutator = (input, material) => {
  const { random } = material
  const edit = random.pick(edits)
  return edit(input, material)
}

type Edit = (input: Uint8Array, material: Material) => Uint8Array

const edits: readonly Edit[] = [
  function flipBit(input, { random }) {
    return changed(input, random, (octet) => octet ^ (1 << random.below(8)))
  },
  function setOctet(input, { random }) {
    return changed(input, random, () => random.below(256))
  },
  function setTellingOctet(input, { random }) {
    return changed(input, random, () => random.pick(TELLING))
  },
  function addLittle(input, { random }) {
    return changed(input, random, (octet) => octet + random.below(35) - 17)
  },
  function remove(input, { random }) {
    const [from, to] = range(input, random)
    return replaced(input, from, to, NOTHING)
  },
  function insert(input, { random }) {
    const octets = Uint8Array.from({ length: 1 + random.below(8) }, () => random.pick(TELLING))
    const at = random.below(input.length + 1)
    return replaced(input, at, at, octets)
  },
  function repeat(input, { random }) {
    const [from, to] = range(input, random)
    // Seldom very often: what is slow shows only at length.
    const times = random.oneIn(8) ? 1 << random.below(14) : 1 + random.below(3)
    const part = input.subarray(from, to)
    const most = Math.min(times, Math.floor(MOST_REPEATED / Math.max(1, part.length)))
    const all = Buffer.concat(Array.from({ length: Math.max(1, most) }, () => part))
    return replaced(input, to, to, all)
  },
  function copy(input, { random }) {
    const [from, to] = range(input, random)
    const at = random.below(input.length + 1)
    return replaced(input, at, at, input.slice(from, to))
  },
  function splice(input, { random, other }) {
    const partner = other()
    const [from, to] = range(partner, random)
    const [at, until] = range(input, random)
    return replaced(input, at, random.oneIn(2) ? until : at, partner.subarray(from, to))
  },
  function cross(input, { random, other }) {
    const partner = other()
    const at = random.below(input.length + 1)
    return replaced(input, at, input.length, partner.subarray(random.below(partner.length + 1)))
  },
  function insertWord(input, { random, word }) {
    const [from, to] = range(input, random)
    return replaced(input, from, random.oneIn(2) ? to : from, Buffer.from(word(), 'utf8'))
  },
  function changeNumber(input, { random }) {
    return digitsChanged(input, random)
  },
]

const MOST_REPEATED = 65_536
const NOTHING = new Uint8Array(0)

export function replaced(
  input: Uint8Array,
  from: number,
  to: number,
  octets: Uint8Array,
): Uint8Array {
  const result = new Uint8Array(from + octets.length + input.length - to)
  result.set(input.subarray(0, from))
  result.set(octets, from)
  result.set(input.subarray(to), from + octets.length)
  return result
}

function changed(input: Uint8Array, random: Random, change: (octet: number) => number): Uint8Array {
  const result = Uint8Array.from(input)
  const at = random.below(Math.max(1, input.length))
  if (input.length > 0) result[at] = change(result[at] ?? 0)
  return result
}

/** Mostly short, so that what is good around it stays good. */
function range(input: Uint8Array, random: Random): readonly [number, number] {
  const from = random.below(input.length + 1)
  const most = random.oneIn(3) ? input.length : 8
  return [from, Math.min(input.length, from + 1 + random.below(most + 1))]
}

const NUMBERS = [
  '0',
  '-1',
  '-0',
  '1',
  '1.0',
  '1e2',
  '32',
  '33',
  '127',
  '128',
  '255',
  '256',
  '65535',
].concat(['65536', '2147483648', '4294967296', '9007199254740991', '9007199254740992', '1e400'])

/** Another number where the text has one. */
function digitsChanged(input: Uint8Array, random: Random): Uint8Array {
  const text = Buffer.from(input.buffer, input.byteOffset, input.length).toString('latin1')
  const numbers = [...text.matchAll(/\d+/g)]
  if (numbers.length === 0) return Uint8Array.from(input)
  const { index, 0: digits } = random.pick(numbers)
  const near = String(Number(digits) + random.below(3) - 1)
  const wanted = Buffer.from(random.oneIn(2) ? near : random.pick(NUMBERS))
  return replaced(input, index, index + digits.length, wanted)
}
