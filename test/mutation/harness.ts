import { expect as jestExpect } from 'expect'

/**
 * As much of '@jest/globals' as the tests use, which they import instead of it in the mutated copy:
 * jest loads a file and all that it imports again for each run, and here the same tests run again.
 */
type Body = () => unknown

interface Hooks {
  readonly beforeAll: Body[]
  readonly afterAll: Body[]
  readonly beforeEach: Body[]
  readonly afterEach: Body[]
}

export interface Suite extends Hooks {
  readonly name: string
  readonly above: Suite | undefined
  readonly items: (Suite | Test)[]
}

export interface Test {
  readonly name: string
  readonly body: Body
  readonly suite: Suite
  /** Its place in the file. */
  readonly place: number
}

export const isTest = (item: Suite | Test): item is Test => 'body' in item

export const testsIn = (suite: Suite): readonly Test[] =>
  suite.items.flatMap((item) => (isTest(item) ? [item] : testsIn(item)))

const suiteOf = (name: string, above?: Suite): Suite => ({
  ...{ name, above, items: [] },
  ...{ beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] },
})

let current = suiteOf('')
let count = 0

/** What the file says that is loaded by `load`. */
export async function collect(load: () => Promise<unknown>): Promise<Suite> {
  const root = suiteOf('')
  current = root
  count = 0
  await load()
  return root
}

type Each = (
  table: readonly unknown[],
) => (name: string, body: (...row: never[]) => unknown) => void

function eachOf(define: (name: string, body: Body) => void): Each {
  return (table) => (name, body) => {
    const call = body as (...row: unknown[]) => unknown
    table.forEach((row, at) => {
      define(`${name} [${at}]`, () =>
        Array.isArray(row) ? call(...(row as unknown[])) : call(row),
      )
    })
  }
}

function defineSuite(name: string, body: Body): void {
  const above = current
  current = suiteOf(name, above)
  above.items.push(current)
  try {
    body()
  } finally {
    current = above
  }
}

function defineTest(name: string, body: Body): void {
  current.items.push({ name, body, suite: current, place: count })
  count += 1
}

export const describe = Object.assign(defineSuite, {
  each: eachOf(defineSuite),
  skip: (): void => undefined,
})
export const it = Object.assign(defineTest, {
  each: eachOf(defineTest),
  skip: (): void => undefined,
})
export const beforeAll = (body: Body): void => void current.beforeAll.push(body)
export const afterAll = (body: Body): void => void current.afterAll.push(body)
export const beforeEach = (body: Body): void => void current.beforeEach.push(body)
export const afterEach = (body: Body): void => void current.afterEach.push(body)
export const expect = jestExpect

export const fullName = (item: Suite | Test): string => {
  const above = isTest(item) ? item.suite : item.above
  return above && above.name !== '' ? `${fullName(above)} ${item.name}` : item.name
}
