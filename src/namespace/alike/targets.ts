import { type Look, lookOf, mayLookLike, neighbourhood, resembles } from './resembles.js'

/** So few are looked for by where they may be; for more, every name beside them is read. */
const FEW = 8
/** Of work that is a step. */
const LETTERS = 16
const PAIRS = 64

/** Names, and which of them another resembles, without comparing it with each. */
export class Targets {
  private readonly looks: Look[] = []
  private readonly near = new Map<string, Look[]>()

  /** Answers how many steps it took. */
  add(segment: string): number {
    const look = lookOf(segment)
    this.looks.push(look)
    for (const key of neighbourhood(look)) {
      const known = this.near.get(key)
      if (known) known.push(look)
      else this.near.set(key, [look])
    }
    return 1 + Math.floor(segment.length / LETTERS)
  }

  /** Those that a name resembles, and how many steps it took to see it. */
  like(segment: string): { readonly found: ReadonlySet<string>; readonly steps: number } {
    const look = lookOf(segment)
    const found = new Set<string>()
    let pairs = 0
    for (const key of neighbourhood(look)) {
      const candidates = this.near.get(key) ?? []
      pairs += candidates.length
      for (const one of candidates) if (resembles(look, one)) found.add(one.text)
    }
    return { found, steps: Math.floor(pairs / PAIRS) }
  }

  /** So many letters of it are the beginning of nothing that resembles one of them, if they are few. */
  readonly deadEnd = (segment: string): number | undefined => {
    if (this.looks.length > FEW) return undefined
    for (let length = 1; length <= segment.length; length += 1) {
      const beginning = segment.slice(0, length)
      if (!this.looks.some((look) => mayLookLike(beginning, look))) return length
    }
    return undefined
  }
}
