/** What a comparison in the fuzzed code found, and what it was compared with. */
export type Compared = readonly [string | number, string | number]

export type { Coverage }

const MAX_TICKS = 1 << 16
const MAX_COMPARED = 4096

/** Where instrumented code (instrument/counting.mjs) says what it does. One per thread. */
class Coverage {
  /** How often each branch was taken since `reset`. */
  readonly ticks = new Uint32Array(MAX_TICKS)
  /** Branches there are. */
  branches = 0
  /** 1 for a branch of Capstan itself, 0 for one of a library. */
  readonly own = new Uint8Array(MAX_TICKS)
  /** Text that stands in Capstan's own source, as far as it was loaded. */
  readonly words = new Set<string>()
  private compared: Compared[] | undefined

  /** Called once by each instrumented module; answers its own counters. */
  register(count: number, words: readonly string[], isOwn: boolean): Uint32Array {
    const from = this.branches
    this.branches += count
    if (this.branches > MAX_TICKS) throw new RangeError('more branches than counters')
    if (isOwn) {
      this.own.fill(1, from, this.branches)
      for (const word of words) this.words.add(word)
    }
    return this.ticks.subarray(from, this.branches)
  }

  /** `a === b`, in instrumented code. */
  same(a: unknown, b: unknown): boolean {
    if (this.compared !== undefined && a !== b) this.note(a, b)
    return a === b
  }

  /** What a `switch` goes by, in instrumented code. */
  switched<T>(value: T, cases: readonly unknown[]): T {
    if (this.compared !== undefined) for (const item of cases) this.note(value, item)
    return value
  }

  reset(): void {
    this.ticks.fill(0, 0, this.branches)
  }

  /** Notes what is compared from now on; `endTrace` answers it. Slows everything down. */
  beginTrace(): void {
    this.compared = []
  }

  endTrace(): readonly Compared[] {
    const compared = this.compared ?? []
    this.compared = undefined
    return compared
  }

  private note(a: unknown, b: unknown): void {
    if (this.compared === undefined || this.compared.length >= MAX_COMPARED) return
    if (isComparable(a) && isComparable(b) && typeof a === typeof b) this.compared.push([a, b])
  }
}

const isComparable = (value: unknown): value is string | number =>
  typeof value === 'number' || (typeof value === 'string' && value.length <= 256)

/** Instrumented code finds it under this name, so this module is loaded before any such code. */
export const coverage = new Coverage()
Object.defineProperty(globalThis, 'capstanCoverage', { value: coverage })
