import { join } from 'node:path'
import { configureGlobal, interruptAfterTimeLimit } from 'fast-check'
import { collect, type Suite, type Test, testsIn } from './harness.js'
import { enterPlace } from './key-pool.js'
import type { Answer, Hits, MeasuredFile, Order, Step, Verdict } from './protocol.js'
import { type Failure, runSuite, type Watch } from './run-suite.js'
import { World } from './world.js'

/** Runs in the mutated copy, as JavaScript: loads test files, and runs them with a mutant or without. */
interface Switch {
  activeMutant?: string | undefined
  currentTestId?: string | undefined
  hitCount?: number | undefined
  hitLimit?: number | undefined
  mutantCoverage?: { readonly perTest: Readonly<Record<string, Hits>> }
}
const ns = ((globalThis as { __stryker__?: Switch }).__stryker__ ??= {})
const testRoot = join(import.meta.dirname, '..')

/** Worlds that one process has had before it is spent: Node does not give all of their memory back. */
const MAX_WORLDS = 100

// One run is like the next, and nobody reads the counterexample.
const everyRun = { seed: 20_260_101, endOnFailure: true }
configureGlobal(everyRun)

/** Errors that no test waited for. */
let stray = 0
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error) => {
    stray += 1
    if (process.env['MUTATION_DEBUG'] !== undefined) console.error(event, error)
  })
}

interface TestFile {
  readonly root: Suite
  readonly tests: readonly Test[]
}

let worlds = 0

/** Test files of one world. */
class Loaded {
  private readonly world = new World()
  private readonly files = new Map<string, Promise<TestFile>>()

  constructor() {
    worlds += 1
  }

  file(name: string): Promise<TestFile> {
    const made = this.files.get(name) ?? this.load(name)
    this.files.set(name, made)
    return made
  }

  private async load(name: string): Promise<TestFile> {
    const path = join(testRoot, name.replace(/\.ts$/, '.js'))
    enterPlace(`${name} as it is loaded`)
    const root = await collect(() => this.world.import(path))
    return { root, tests: testsIn(root) }
  }
}

const quiet: Watch = { begins: () => undefined, ends: () => undefined, limit: () => 30_000 }

/** One file, alone in this process: what its tests reach, how long they take, how often they may run. */
async function measure(name: string): Promise<{ measured: MeasuredFile; failed: string[] }> {
  const hitsOf = (id: string): Hits => ns.mutantCoverage?.perTest[id] ?? {}
  ns.currentTestId = 'load'
  const began = performance.now()
  const { root, tests } = await new Loaded().file(name)
  const loadMs = performance.now() - began
  const suites = new Map<Suite, string>()
  const times = new Map<Test, number>()
  const first = await runSuite(root, new Set(tests), {
    ...quiet,
    begins: (test, suite) => {
      if (!suites.has(suite)) suites.set(suite, `suite ${suites.size}`)
      ns.currentTestId = test ? `test ${test.place}` : suites.get(suite)
    },
    ends: (test, ms) => times.set(test, ms),
  })
  ns.currentTestId = 'again'
  const above = (suite: Suite | undefined): Hits[] =>
    suite ? [hitsOf(suites.get(suite) ?? ''), ...above(suite.above)] : []
  const measured = {
    ...{ file: name, loadMs, load: hitsOf('load') },
    tests: tests.map((test) => ({
      name: test.name,
      ms: times.get(test) ?? 0,
      hits: sum([hitsOf(`test ${test.place}`), ...above(test.suite)]),
    })),
    again: await howAgain(root, tests),
  }
  return { measured, failed: first ? [`${name}: ${first.name}`] : [] }
}

async function howAgain(root: Suite, tests: readonly Test[]): Promise<MeasuredFile['again']> {
  if (await runSuite(root, new Set(tests), quiet)) return 'never'
  for (const test of tests) if (await runSuite(root, new Set([test]), quiet)) return 'whole'
  return 'each'
}

function sum(all: readonly Hits[]): Hits {
  const total: Record<string, number> = {}
  for (const hits of all) {
    for (const [id, times] of Object.entries(hits)) total[id] = (total[id] ?? 0) + times
  }
  return total
}

/** While a mutant is looked at, a test may take this many times as long as without. */
const PATIENCE = 10

type Try = Extract<Order, { kind: 'try' }>

interface Noticed {
  readonly step: Step
  readonly verdict: Verdict
  readonly by: string
  /** The test in its file, where it was one. */
  readonly place: number | undefined
}

let resident = new Loaded()

/** First with what is loaded, then with everything loaded again under the mutant. */
async function tryMutant(order: Try): Promise<Extract<Answer, { kind: 'tried' }>> {
  const before = stray
  const { propertyMs } = order
  configureGlobal({
    ...everyRun,
    ...(propertyMs !== undefined && { plugins: [interruptAfterTimeLimit(propertyMs)] }),
  })
  const answer = (noticed?: Noticed, isSpoilt = false): Extract<Answer, { kind: 'tried' }> => ({
    ...{ kind: 'tried', verdict: noticed?.verdict ?? 'survived', isSpoilt },
    ...(noticed && { by: noticed.by }),
    isSpent: stray !== before || noticed?.verdict === 'timed-out' || worlds > MAX_WORLDS,
  })
  for (const { file } of order.resident) await resident.file(file)
  const early = await noticedBy(resident, order.resident, order)
  if (early && (await passesWithout(resident, early))) return answer(early)
  if (early) resident = new Loaded()
  const steps = early ? order.fresh : order.loading
  const noticed = steps.length > 0 ? await noticedBy(new Loaded(), steps, order) : undefined
  if (!noticed || order.isLast) return answer(noticed)
  if (noticed.step.again !== 'never' && (await passesWithout(resident, noticed))) {
    return answer(noticed)
  }
  return answer(noticed, !(await passesWithout(new Loaded(), noticed)))
}

async function noticedBy(
  loaded: Loaded,
  steps: readonly Step[],
  { mutant, hitLimit }: Try,
): Promise<Noticed | undefined> {
  const before = stray
  Object.assign(ns, { activeMutant: mutant, hitLimit, hitCount: 0 })
  try {
    for (const step of steps) {
      const failure = await runStep(loaded, step)
      const isEndless = (ns.hitCount ?? 0) > hitLimit
      if (failure === undefined && stray === before && !isEndless) continue
      const name = failure?.name ?? 'an error that nobody waited for'
      return {
        ...{ step, by: `${step.file}: ${name}`, place: failure?.place },
        verdict: isEndless || failure?.how === 'late' ? 'timed-out' : 'killed',
      }
    }
    return undefined
  } finally {
    ns.activeMutant = undefined
  }
}

async function runStep(loaded: Loaded, step: Step): Promise<Failure | undefined> {
  try {
    const { root, tests } = await loaded.file(step.file)
    const chosen = tests.filter(({ place }) => step.tests === 'all' || step.tests.includes(place))
    const failure = await runSuite(root, new Set(chosen), {
      ...quiet,
      begins: (test, suite) => enterPlace(`${step.file} ${test?.place ?? suite.name}`),
      limit: (test) => 2000 + PATIENCE * (test ? (step.ms[test.place] ?? 1000) : 1000),
    })
    // What nobody waited for comes to light once everybody had a turn.
    await new Promise((resolve) => setImmediate(resolve))
    return failure
  } catch {
    return { name: 'it does not load', place: undefined, how: 'failed' }
  }
}

/** Whether the test that noticed a mutant passes without it, now. */
async function passesWithout(loaded: Loaded, { step, place }: Noticed): Promise<boolean> {
  const isAlone = place !== undefined && step.again === 'each'
  return (await runStep(loaded, isAlone ? { ...step, tests: [place] } : step)) === undefined
}

async function answerTo(order: Order): Promise<Answer> {
  switch (order.kind) {
    case 'measure':
      return { kind: 'measured', ...(await measure(order.file)) }
    case 'try':
      return tryMutant(order)
  }
}

process.on('message', (order: Order) => {
  void answerTo(order).then((answer) => process.send?.(answer))
})
process.on('disconnect', () => process.exit())
