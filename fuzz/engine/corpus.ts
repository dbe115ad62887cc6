import type { Coverage } from './coverage.js'
import type { Random } from './random.js'

/** An input that is the shortest known to do something. */
export interface Entry {
  readonly input: Uint8Array
}

/** Counts of a branch fall into this many classes: 1, 2 to 3, 4 to 7, ... */
const CLASSES = 16
const MAX_ENDINGS = 4096
/** Octets beyond which an input is long. */
const LONG = 1024

/**
 * The inputs worth keeping. A feature is a branch with the class of its count, or a way to end that a
 * target tells apart; each has one champion, the shortest input that shows it. Classes that go up to
 * 32,768 are what finds slow inputs: whoever makes a loop run longer is kept.
 */
export class Corpus {
  /** By number of the feature: endings first, then branches. */
  private readonly champions: (Entry | undefined)[]
  private readonly seen: Uint32Array
  private readonly known: number[] = []
  /** Those of them that are endings, or of Capstan itself. */
  private readonly own: number[] = []
  private readonly endings = new Map<string, number>()
  private readonly covered = new Set<number>()
  private readonly coverage: Coverage

  /** All code must have been loaded: what comes later is not looked at. */
  constructor(coverage: Coverage) {
    const most = MAX_ENDINGS + coverage.branches * CLASSES
    this.champions = Array.from({ length: most }, () => undefined)
    this.seen = new Uint32Array(most)
    this.coverage = coverage
  }

  /** Branches that were taken at least once by an input of the corpus. */
  get branches(): number {
    return this.covered.size
  }

  /** How many there are. */
  get features(): number {
    return this.known.length
  }

  get entries(): readonly Entry[] {
    return [...new Set(this.champions.filter((entry) => entry !== undefined))]
  }

  /** Takes note of what the last input did; `new` when nothing before it did that. */
  offer(input: Uint8Array, ending: string): 'new' | 'shorter' | 'nothing' {
    let verdict: 'new' | 'shorter' | 'nothing' = 'nothing'
    let entry: Entry | undefined
    for (const feature of this.featuresOf(ending)) {
      this.seen[feature] = (this.seen[feature] ?? 0) + 1
      const champion = this.champions[feature]
      if (champion !== undefined && champion.input.length <= input.length) continue
      if (champion === undefined) {
        verdict = 'new'
        this.known.push(feature)
        if (this.isOwn(feature)) this.own.push(feature)
        if (feature >= MAX_ENDINGS) this.covered.add(branchOf(feature))
      } else if (verdict === 'nothing') {
        verdict = 'shorter'
      }
      entry ??= { input: Uint8Array.from(input) }
      this.champions[feature] = entry
    }
    return verdict
  }

  /** The champion of a feature that was seen seldom; a long one, which is slow to try, seldom too. */
  pick(random: Random): Uint8Array {
    let input = this.pickRare(random)
    while (input.length > LONG && !random.oneIn(16)) input = this.pickRare(random)
    return input
  }

  private pickRare(random: Random): Uint8Array {
    // A library may have many more features, and what is behind it is to be searched too.
    const features = random.oneIn(4) ? this.known : this.own
    let rarest = random.pick(features)
    for (let round = 0; round < 2; round += 1) {
      const other = random.pick(features)
      if ((this.seen[other] ?? 0) < (this.seen[rarest] ?? 0)) rarest = other
    }
    return this.champions[rarest]?.input ?? new Uint8Array(0)
  }

  /** The features of the last execution, which ended so. */
  featuresOf(ending: string): readonly number[] {
    const { ticks, branches } = this.coverage
    const end = this.numberOf(ending)
    const features = end === undefined ? [] : [end]
    for (let branch = 0; branch < branches; branch += 1) {
      const count = ticks[branch] ?? 0
      if (count === 0) continue
      const size = Math.min(CLASSES - 1, 31 - Math.clz32(count))
      features.push(MAX_ENDINGS + branch * CLASSES + size)
    }
    return features
  }

  private isOwn(feature: number): boolean {
    return feature < MAX_ENDINGS || this.coverage.own[branchOf(feature)] === 1
  }

  private numberOf(ending: string): number | undefined {
    const known = this.endings.get(ending)
    if (known !== undefined || this.endings.size >= MAX_ENDINGS) return known
    const number = this.endings.size
    this.endings.set(ending, number)
    return number
  }
}

const branchOf = (feature: number): number => Math.floor((feature - MAX_ENDINGS) / CLASSES)

/** An input, and what it does. */
export interface Telling {
  readonly input: Uint8Array
  readonly features: readonly number[]
  /** `Executed.kind` */
  readonly kind: string
}

/**
 * Of these inputs, few that do together what all of them do: first the shortest of each kind, so that
 * none is lost to many of another, then the most telling. Counts are told apart more coarsely than
 * while searching: once, a few times, often.
 */
export function distilled(
  inputs: readonly Telling[],
  most: number,
  mostOctets: number,
): readonly Uint8Array[] {
  const rest = inputs
    .map(({ input, features, kind }) => ({ input, kind, features: new Set(features.map(coarse)) }))
    .sort((a, b) => a.input.length - b.input.length)
  const chosen: Uint8Array[] = []
  const done = new Set<number>()
  let room = mostOctets
  const choose = ({ input, features }: (typeof rest)[number]): void => {
    chosen.push(input)
    room -= input.length
    for (const feature of features) done.add(feature)
    features.clear()
  }
  const kinds = new Set<string>()
  for (const candidate of rest) {
    if (kinds.has(candidate.kind)) continue
    if (chosen.length >= most / 2 || candidate.input.length > room / 2) break
    kinds.add(candidate.kind)
    choose(candidate)
  }
  while (chosen.length < most) {
    let best: (typeof rest)[number] | undefined
    let gain = 0
    for (const candidate of rest) {
      if (candidate.input.length > room) continue
      for (const feature of candidate.features) {
        if (done.has(feature)) candidate.features.delete(feature)
      }
      // Ties go to the shorter one, which comes first.
      if (candidate.features.size > gain) [best, gain] = [candidate, candidate.features.size]
    }
    if (best === undefined) break
    choose(best)
  }
  return chosen
}

function coarse(feature: number): number {
  if (feature < MAX_ENDINGS) return feature
  const size = (feature - MAX_ENDINGS) % CLASSES
  return feature - size + (size === 0 ? 0 : size < 4 ? 1 : 2)
}
