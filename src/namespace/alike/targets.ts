import {
  END,
  type Look,
  lookOf,
  mayLookLike,
  neighbourhood,
  resembles,
  spellings,
} from './resembles.js'

/** So few are looked for by where they may be; for more, every name beside them is read. */
const FEW = 8
/** Of work that is a step. */
const LETTERS = 16
const PAIRS = 64

/** Names, and which of them another resembles, without comparing it with each. */
export class Targets {
  private readonly looks: Look[] = []
  private readonly near = new Map<string, Look[]>()
  private known: readonly string[] | undefined

  /** Answers how many steps it took. */
  add(segment: string): number {
    const look = lookOf(segment)
    this.known = undefined
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

  /**
   * Where the next name can be that resembles one of them, if they are few: undefined where it is right
   * after this one.
   */
  readonly nextAfter = (segment: string): string | undefined => {
    if (this.looks.length > FEW) return undefined
    for (let length = 1; length <= segment.length; length += 1) {
      if (!this.mayBegin(segment.slice(0, length))) return this.besides(segment, length - 1)
    }
    return undefined
  }

  private mayBegin(beginning: string): boolean {
    return this.looks.some((look) => mayLookLike(beginning, look))
  }

  /** Past everything that begins as this name does, up to and with the letter at `at`. */
  private besides(segment: string, at: number): string {
    const [stem, last] = [segment.slice(0, at), segment.charAt(at)]
    // What is below the stem, `stem/...`, follows the dash.
    if (last === '-') return `${stem}-${END}`
    // With the one difference still to come any letter would do, this one too: it is used up, and what
    // follows is spelled with letters of theirs.
    const next = this.letters().find((letter) => letter > last && this.mayBegin(stem + letter))
    return `${stem}${next ?? END}`
  }

  /** Every letter that may stand for one of theirs, in order. */
  private letters(): readonly string[] {
    this.known ??= [...new Set(this.looks.flatMap((look) => [...spellings(look)]))].sort()
    return this.known
  }
}
