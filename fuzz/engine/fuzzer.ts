import type { Material } from '../mutate/mutator.js'
import { mutateOctets } from '../mutate/octets.js'
import { MAX_INPUT, type Target } from '../target.js'
import { Corpus, distilled, type Telling } from './corpus.js'
import type { Coverage } from './coverage.js'
import type { Executed, Executor } from './executor.js'
import {
  corpusFolder,
  readInputs,
  saveFinding,
  saveSlowest,
  workFolder,
  writeInputs,
} from './files.js'
import type { Finding } from './finding.js'
import { minimised } from './minimise.js'
import type { Order, Report } from './order.js'
import { Random } from './random.js'
import { satisfying, Words } from './words.js'

/** Most files of a corpus in the tree, octets of each, and of all. */
const MOST_KEPT = 120
const LARGEST_KEPT = 8192
const MOST_OCTETS_KEPT = 300_000
/** Inputs that one leads to before the search goes on elsewhere, and comparisons of one that count. */
const MOST_TRIES = 200
const MOST_SATISFYING = 50
const REPORT_EVERY_MS = 1000
/** What a step takes beyond this and its CPU time is no time of the search: the process was stopped. */
const MOST_IDLE_MS = 1000

const NOTHING = new Uint8Array(0)

export interface Parts {
  readonly target: Target
  readonly executor: Executor
  readonly coverage: Coverage
  readonly order: Order
  readonly tell: (report: Report) => void
}

/** Searches for inputs that take a target where none has been, or that break it. */
export class Fuzzer {
  private readonly parts: Parts
  private readonly corpus: Corpus
  private readonly random: Random
  private readonly words: Words
  private readonly material: Material
  private readonly findings = new Map<string, Report['findings'][number]>()
  private seeds: readonly Uint8Array[] = []
  private searchedMs = 0
  private reportedAt = 0
  private executions = 0
  private slowestMs = 0
  private slowest = NOTHING

  constructor(parts: Parts) {
    this.parts = parts
    this.corpus = new Corpus(parts.coverage)
    this.random = new Random(parts.order.seed)
    this.words = new Words(parts.coverage.words, this.random)
    this.material = {
      random: this.random,
      other: () => this.picked(),
      word: () => this.words.pick(),
    }
  }

  /** Runs what is there: the target's own seeds, the corpus in the tree, and what an earlier run left. */
  async begin(): Promise<void> {
    const { target, order } = this.parts
    const folders = [corpusFolder(order.target), workFolder(order.out, order.target)]
    const kept = order.from === 'seeds' ? [] : folders.flatMap(readInputs)
    this.seeds = await target.seeds()
    for (const input of [NOTHING, ...this.seeds, ...kept.map(({ input }) => input)]) {
      await this.explore(input)
    }
    // What is done for the first time is slower than it will ever be again.
    this.slowestMs = 0
  }

  async search(): Promise<void> {
    const { seconds, executions, first } = this.parts.order
    let before = performance.now()
    let cpuBefore = cpuMs()
    while (this.searchedMs < seconds * 1000 && this.executions < executions) {
      if (first && this.findings.size > 0) break
      await this.explore(this.mutated(this.picked()))
      const now = performance.now()
      const cpu = cpuMs()
      this.searchedMs += Math.min(now - before, cpu - cpuBefore + MOST_IDLE_MS)
      ;[before, cpuBefore] = [now, cpu]
      if (this.searchedMs - this.reportedAt < REPORT_EVERY_MS) continue
      this.reportedAt = this.searchedMs
      this.report()
    }
    this.report()
  }

  /** Leaves what was learnt for the next run, and in the tree if that is wanted. */
  async keep(): Promise<void> {
    const { target, keep, out } = this.parts.order
    const inputs = this.corpus.entries.map(({ input }) => input)
    writeInputs(workFolder(out, target), [...inputs, this.slowest])
    if (keep !== 'tree') return
    saveSlowest(target, await this.slowestOf([...inputs, this.slowest]))
    const telling: Telling[] = []
    for (const input of inputs.filter(({ length }) => length <= LARGEST_KEPT)) {
      const { ending, kind = '' } = await this.ran(input)
      if (ending === undefined) continue
      telling.push({ input, kind, features: this.corpus.featuresOf(ending) })
    }
    writeInputs(corpusFolder(target), distilled(telling, MOST_KEPT, MOST_OCTETS_KEPT))
  }

  /** The one that costs most, of the few that look so: what is fast need not be measured with care. */
  private async slowestOf(inputs: readonly Uint8Array[]): Promise<Uint8Array> {
    const { executor } = this.parts
    const looked: { input: Uint8Array; ms: number }[] = []
    for (const input of inputs) looked.push({ input, ms: (await executor.run(input)).ms })
    const few = looked.sort((a, b) => b.ms - a.ms).slice(0, 8)
    for (const item of few) item.ms = await executor.cost(item.input)
    return few.sort((a, b) => b.ms - a.ms)[0]?.input ?? NOTHING
  }

  /** Tries an input; from what does something new, what its comparisons wanted is tried too. */
  private async explore(input: Uint8Array): Promise<void> {
    const rest = [input]
    let tries = 0
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      if ((tries += 1) > MOST_TRIES) return
      if ((await this.tried(next)) === 'new') rest.push(...(await this.wantedBy(next)))
    }
  }

  private async wantedBy(input: Uint8Array): Promise<readonly Uint8Array[]> {
    const { coverage } = this.parts
    coverage.beginTrace()
    await this.ran(input)
    const compared = coverage.endTrace()
    this.words.learn(compared)
    return satisfying(input, compared, MOST_SATISFYING)
  }

  private async tried(input: Uint8Array): Promise<'new' | 'shorter' | 'nothing'> {
    const { ending } = await this.ran(input)
    return ending === undefined ? 'nothing' : this.corpus.offer(input, ending)
  }

  /** Runs an input with the counters at nothing before it. */
  private async ran(input: Uint8Array): Promise<Executed> {
    const { coverage, executor } = this.parts
    this.executions += 1
    coverage.reset()
    const executed = await executor.run(input)
    if (executed.finding) await this.note(executed.finding, input)
    else if (executed.ms > this.slowestMs) await this.measure(input)
    return executed
  }

  /** Slower than anything before, or only disturbed? */
  private async measure(input: Uint8Array): Promise<void> {
    const { coverage, executor } = this.parts
    const ms = await executor.cost(input)
    const finding = executor.slowness(input, ms)
    if (finding) await this.note(finding, input)
    else if (ms > this.slowestMs) [this.slowestMs, this.slowest] = [ms, Uint8Array.from(input)]
    coverage.reset()
    await executor.run(input)
  }

  /** The first input that shows something, made short, is kept. */
  private async note(finding: Finding, input: Uint8Array): Promise<void> {
    const { executor, order } = this.parts
    const { key } = finding
    if (this.findings.has(key)) return
    const after = this.executions
    this.findings.set(key, { key, after, path: saveFinding(order, finding, input) })
    if (finding.kind === 'slow') return
    const isSame = async (candidate: Uint8Array): Promise<boolean> =>
      (await executor.run(candidate)).finding?.key === key
    const short = await minimised(input, isSame)
    this.findings.set(key, { key, after, path: saveFinding(order, finding, short) })
  }

  /** Mostly a champion; sometimes a seed, since champions are short, and seeds are whole and good. */
  private picked(): Uint8Array {
    const { random, seeds } = this
    return seeds.length > 0 && random.oneIn(6) ? random.pick(seeds) : this.corpus.pick(random)
  }

  private mutated(input: Uint8Array): Uint8Array {
    const { random, material } = this
    const { target, executor } = this.parts
    const mutators = [...target.mutators, mutateOctets]
    let result = input
    for (let count = 1 + random.below(random.pick([1, 1, 2, 8])); count > 0; count -= 1) {
      const [before, mutate] = [result, random.pick(mutators)]
      result = executor.watched(before, () => mutate(before, material)) ?? before
      if (result.length > MAX_INPUT) result = result.subarray(0, MAX_INPUT)
    }
    return result
  }

  private report(): void {
    const { coverage, tell } = this.parts
    tell({
      seconds: this.searchedMs / 1000,
      executions: this.executions,
      corpus: this.corpus.entries.length,
      features: this.corpus.features,
      branches: this.corpus.branches,
      branchesInAll: coverage.branches,
      slowestMs: this.slowestMs,
      findings: [...this.findings.values()],
    })
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
