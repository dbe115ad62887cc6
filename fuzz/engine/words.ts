import type { Compared } from './coverage.js'
import type { Random } from './random.js'
import { oidOctets } from '../../src/core/oid.js'
import { replaced } from '../mutate/octets.js'

const MAX_LEARNT = 2048

/** Text worth trying: what stands in the source, and what inputs were compared with. */
export class Words {
  private readonly known: readonly string[]
  private readonly learnt: string[] = []
  private readonly all: Set<string>
  private readonly random: Random

  constructor(known: ReadonlySet<string>, random: Random) {
    this.known = [...known, 'a']
    this.all = new Set(known)
    this.random = random
  }

  pick(): string {
    const useLearnt = this.learnt.length > 0 && this.random.oneIn(2)
    return this.random.pick(useLearnt ? this.learnt : this.known)
  }

  learn(compared: readonly Compared[]): void {
    for (const value of compared.flat()) {
      const text = String(value)
      if (text === '' || text.length > 128 || this.all.has(text)) continue
      this.all.add(text)
      if (this.learnt.length < MAX_LEARNT) this.learnt.push(text)
      else this.learnt[this.random.below(MAX_LEARNT)] = text
    }
  }
}

/**
 * The input with one side of a comparison in the place of the other, for each comparison whose
 * value stands in the input as it was compared. About `most` of them.
 */
export function satisfying(
  input: Uint8Array,
  compared: readonly Compared[],
  most: number,
): readonly Uint8Array[] {
  const inputs: Uint8Array[] = []
  const tried = new Set<string>()
  const text = Buffer.from(input.buffer, input.byteOffset, input.length)
  for (const [a, b] of compared) {
    if (inputs.length >= most) break
    for (const [found, wanted] of [[a, b] as const, [b, a] as const]) {
      const id = `${found}\u0000${wanted}`
      if (tried.has(id)) continue
      tried.add(id)
      for (const [from, to] of spellings(found, wanted)) {
        const at = from.length === 0 ? -1 : text.indexOf(from)
        if (at !== -1) inputs.push(replaced(input, at, at + from.length, to))
      }
    }
  }
  return inputs
}

type Spelling = readonly [from: Uint8Array, to: Uint8Array]

function* spellings(found: string | number, wanted: string | number): Generator<Spelling> {
  yield [Buffer.from(String(found)), Buffer.from(String(wanted))]
  if (typeof found === 'string' && typeof wanted === 'string') {
    const [from, to] = [oidValue(found), oidValue(wanted)]
    if (from && to) yield [from, to]
  }
  if (typeof found === 'number' && typeof wanted === 'number') {
    if (isOctet(found) && isOctet(wanted)) yield [Uint8Array.of(found), Uint8Array.of(wanted)]
    if (isWord(found) && isWord(wanted)) yield [bigEndian(found), bigEndian(wanted)]
  }
}

const isOctet = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < 256
const isWord = (value: number): boolean =>
  Number.isInteger(value) && value >= 256 && value < 2 ** 32

function bigEndian(value: number): Uint8Array {
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(value)
  return octets
}

/** An OBJECT IDENTIFIER as it stands in DER; undefined for text that is none. */
function oidValue(text: string): Uint8Array | undefined {
  if (!/^[0-2](\.\d+){2,}$/.test(text)) return undefined
  try {
    const content = oidOctets(text)
    return Uint8Array.of(6, content.length, ...content)
  } catch {
    return undefined
  }
}
