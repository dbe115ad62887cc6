import type { Mutant } from './mutants.js'
import type { Answer, MeasuredFile, Step, Verdict } from './protocol.js'
import { eachOf, WorkerProcess } from './worker-process.js'

/** How mutants are tried. */
export interface Manner {
  /** Processes beside each other. */
  readonly atOnce: number
  /** Properties see few examples: what survives may yet be noticed by the rest of them. */
  readonly isGlance: boolean
}

export interface Outcome {
  readonly verdict: Verdict | 'not-reached'
  /** The test that noticed. */
  readonly by?: string
}

/** What tests reach a mutant, and how often they pass it. */
interface Plan {
  readonly mutant: Mutant
  readonly resident: readonly Step[]
  readonly fresh: readonly Step[]
  /** Of those, what is tried when none of the others noticed. */
  readonly loading: readonly Step[]
  readonly ms: number
  readonly hits: number
}

/** Milliseconds that a property has for examples at first: most mutants are noticed at once. */
const GLANCE = 100

/** Below it, milliseconds, all tests of a mutant are run without a glance before. */
const SHORT = 400

/** A mutated place that is passed so many times more often is a loop without an end. */
const ENDLESS = 100

/** Measures every test file, each in a process of its own. Throws when one fails without a mutant. */
export async function measureAll(
  home: string,
  files: readonly string[],
  atOnce: number,
): Promise<readonly MeasuredFile[]> {
  const all: MeasuredFile[] = []
  await eachOf(files, atOnce, async (file) => {
    const worker = new WorkerProcess(home)
    const answer = await worker.ask({ kind: 'measure', file }, 600_000)
    worker.end()
    if (typeof answer === 'string' || answer.kind !== 'measured') {
      throw new Error(`${file} could not be measured: ${JSON.stringify(answer)}`)
    }
    if (answer.failed.length > 0) throw new Error(`fails without a mutant: ${answer.failed.join()}`)
    all.push(answer.measured)
  })
  return files.flatMap((file) => all.filter((measured) => measured.file === file))
}

/** Tries every mutant, and tells of each as soon as it is decided. */
export async function hunt(
  home: string,
  mutants: readonly Mutant[],
  measured: readonly MeasuredFile[],
  remembers: readonly string[],
  { atOnce, isGlance }: Manner,
  decided: (mutant: Mutant, outcome: Outcome) => void,
): Promise<void> {
  const lanes = new Map<number, WorkerProcess>()
  await eachOf(mutants, atOnce, async (mutant, lane) => {
    const plan = planOf(mutant, measured, remembers.includes(mutant.file))
    if (plan.fresh.length === 0) {
      decided(mutant, { verdict: 'not-reached' })
      return
    }
    const worker = lanes.get(lane) ?? new WorkerProcess(home)
    lanes.set(lane, worker)
    const first = await tryTwice(worker, plan, isGlance)
    if (typeof first === 'string' || first.isSpoilt || first.isSpent) {
      worker.end()
      lanes.delete(lane)
    }
    decided(mutant, isCertain(first) ? outcomeOf(first) : await tryAlone(home, plan))
  })
  for (const worker of lanes.values()) worker.end()
}

type Tried = Extract<Answer, { kind: 'tried' }> | 'died' | 'hung'

const isCertain = (tried: Tried): boolean => typeof tried !== 'string' && !tried.isSpoilt

/** With few examples first, and with all of them where those notice nothing. */
async function tryTwice(worker: WorkerProcess, plan: Plan, isGlance: boolean): Promise<Tried> {
  if (plan.ms < SHORT && !isGlance) return tryIn(worker, plan, 'first')
  const glance = await tryIn(worker, plan, 'glance')
  const isNoticed = typeof glance === 'string' || glance.verdict !== 'survived' || glance.isSpent
  return isNoticed || isGlance ? glance : tryIn(worker, plan, 'first')
}

/** In a process that has seen no other mutant. */
async function tryAlone(home: string, plan: Plan): Promise<Outcome> {
  const worker = new WorkerProcess(home)
  const tried = await tryIn(worker, plan, 'last')
  worker.end()
  return outcomeOf(tried)
}

function outcomeOf(tried: Tried): Outcome {
  if (tried === 'hung') return { verdict: 'timed-out', by: 'nothing came back' }
  if (tried === 'died') return { verdict: 'killed', by: 'the process died' }
  const { verdict, by } = tried
  return { verdict, ...(by !== undefined && { by }) }
}

async function tryIn(
  worker: WorkerProcess,
  { mutant, resident, fresh, loading, ms, hits }: Plan,
  attempt: 'glance' | 'first' | 'last',
): Promise<Tried> {
  const isLast = attempt === 'last'
  const answer = await worker.ask(
    {
      ...{ kind: 'try', mutant: mutant.id, hitLimit: ENDLESS * hits + 1000 },
      ...{ resident: isLast ? [] : resident, loading: isLast ? fresh : loading, fresh, isLast },
      ...(attempt === 'glance' && { propertyMs: GLANCE }),
    },
    30_000 + 10 * ms,
  )
  if (typeof answer !== 'string' && answer.kind !== 'tried') throw new Error('an answer to another')
  return answer
}

/** The quick tests first. */
function planOf(mutant: Mutant, measured: readonly MeasuredFile[], remembers: boolean): Plan {
  const costs = measured.flatMap((file) => costOf(mutant.id, file) ?? [])
  const quickest = (steps: readonly Timed[]): readonly Step[] =>
    steps.toSorted((a, b) => a.cost - b.cost).map(({ step }) => step)
  const resident = quickest(costs.flatMap(({ running }) => running ?? []))
  const fresh = quickest(costs.map(({ loading }) => loading))
  return {
    ...{ mutant, resident, fresh },
    loading: remembers
      ? fresh
      : quickest(costs.flatMap(({ isLoading, loading }) => (isLoading ? loading : []))),
    ms: costs.reduce((sum, { loading }) => sum + loading.cost, 0),
    hits: costs.reduce((sum, { hits }) => sum + hits, 0),
  }
}

interface Timed {
  readonly step: Step
  /** Milliseconds. */
  readonly cost: number
}

interface Cost {
  /** Its tests that reach the mutant, in a world that is there. */
  readonly running: Timed | undefined
  /** The same in a new world; all of its tests, where loading it reaches the mutant. */
  readonly loading: Timed
  /** Whether the mutant must be there before the file is loaded. */
  readonly isLoading: boolean
  readonly hits: number
}

function costOf(id: string, { file, tests, load, loadMs, again }: MeasuredFile): Cost | undefined {
  const reaching = tests.flatMap((test, at) => (test.hits[id] ? [at] : []))
  const atLoad = load[id] ?? 0
  if (reaching.length === 0 && atLoad === 0) return undefined
  const ms = tests.map((test) => test.ms)
  const timed = (chosen: Step['tests']): Timed => ({
    step: { file, tests: chosen, ms, again },
    cost: ms.reduce(
      (sum, one, at) => (chosen === 'all' || chosen.includes(at) ? sum + one : sum),
      0,
    ),
  })
  const whole = again === 'each' ? reaching : 'all'
  const loading = timed(atLoad > 0 ? 'all' : whole)
  return {
    running: reaching.length > 0 && again !== 'never' ? timed(whole) : undefined,
    loading: { ...loading, cost: loading.cost + loadMs },
    isLoading: atLoad > 0 || again === 'never',
    hits: tests.reduce((sum, test) => sum + (test.hits[id] ?? 0), atLoad),
  }
}
