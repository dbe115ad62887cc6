import { fullName, isTest, type Suite, type Test } from './harness.js'

/** What a run tells its caller as it goes. */
export interface Watch {
  /** Before hooks (`undefined`) and before each test. */
  readonly begins: (test: Test | undefined, suite: Suite) => void
  readonly ends: (test: Test, ms: number) => void
  /** Milliseconds that a test or hook may take. */
  readonly limit: (test: Test | undefined) => number
}

export interface Failure {
  readonly name: string
  readonly place: number | undefined
  readonly how: 'failed' | 'late'
}

class Late extends Error {
  override readonly name = 'Late'
}

const TICK = 100

/**
 * Rejects when `work` takes longer. Counts ticks, not time: a process that was stopped from outside
 * for a minute has not worked for a minute.
 */
async function inTime(work: unknown, limit: number): Promise<void> {
  if (
    !(work instanceof Promise) &&
    typeof (work as { then?: unknown } | null)?.then !== 'function'
  ) {
    return
  }
  let ticks = 0
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      ticks += 1
      if (ticks * TICK > limit) reject(new Late())
    }, TICK)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearInterval(timer)
  }
}

/** Runs the chosen tests in their order; the first failure ends it, after its clearing up. */
export async function runSuite(
  root: Suite,
  chosen: ReadonlySet<Test>,
  watch: Watch,
): Promise<Failure | undefined> {
  return runItems(root, chosen, watch)
}

const holds = (suite: Suite, chosen: ReadonlySet<Test>): boolean =>
  suite.items.some((item) => (isTest(item) ? chosen.has(item) : holds(item, chosen)))

async function runItems(
  suite: Suite,
  chosen: ReadonlySet<Test>,
  watch: Watch,
): Promise<Failure | undefined> {
  let failure = await runHooks(suite, suite.beforeAll, watch)
  for (const item of suite.items) {
    if (failure) break
    if (isTest(item)) failure = chosen.has(item) ? await runTest(item, watch) : undefined
    else if (holds(item, chosen)) failure = await runItems(item, chosen, watch)
  }
  // What was made while the file was loaded is there for the next run too.
  if (suite.beforeAll.length === 0) return failure
  return (await runHooks(suite, suite.afterAll, watch)) ?? failure
}

async function runHooks(
  suite: Suite,
  hooks: readonly (() => unknown)[],
  watch: Watch,
): Promise<Failure | undefined> {
  watch.begins(undefined, suite)
  for (const hook of hooks) {
    const how = await attempt(hook, watch.limit(undefined))
    if (how) return { name: `${fullName(suite)} (hook)`, place: undefined, how }
  }
  return undefined
}

async function runTest(test: Test, watch: Watch): Promise<Failure | undefined> {
  const path = pathTo(test.suite)
  const limit = watch.limit(test)
  watch.begins(test, test.suite)
  const began = performance.now()
  let how: Failure['how'] | undefined
  for (const body of [...path.flatMap((suite) => suite.beforeEach), test.body]) {
    how ??= await attempt(body, limit)
  }
  for (const body of path.toReversed().flatMap((suite) => suite.afterEach)) {
    how = (await attempt(body, limit)) ?? how
  }
  watch.ends(test, performance.now() - began)
  return how && { name: fullName(test), place: test.place, how }
}

const pathTo = (suite: Suite): readonly Suite[] =>
  suite.above ? [...pathTo(suite.above), suite] : [suite]

async function attempt(body: () => unknown, limit: number): Promise<Failure['how'] | undefined> {
  try {
    await inTime(body(), limit)
    return undefined
  } catch (error) {
    if (process.env['MUTATION_DEBUG'] !== undefined) console.error(error)
    return error instanceof Late ? 'late' : 'failed'
  }
}
