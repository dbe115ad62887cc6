import type { PortRange } from '../envelope.js'
import type { ReadyMatch, Route } from '../rule/route.js'

/** A rule as it is matched, every member there: see `ReadyMatch`. */
export interface ReadyRule {
  readonly id: string
  readonly rev: number
  readonly from: number
  readonly until: number
  readonly ports: readonly PortRange[]
  /** Null: everything that comes in by the ports. */
  readonly routes: readonly ReadyMatch[] | null
}

/** A time and ports that a rule of the list has: what a denial is explained by. */
export type Reach = Pick<ReadyRule, 'from' | 'until' | 'ports'>

/** From here on looking a path up costs less than looking at every rule. */
const LONG = 32
/** A path of more elements is compared with every rule: each of its prefixes would be looked up. */
const MANY_ELEMENTS = 64

/** Rules that name one caller, in the order in which they are looked at. */
export class RuleList {
  /** Of all the rules, each once. */
  readonly reaches: readonly Reach[]
  readonly #rules: readonly ReadyRule[]
  readonly #byPath: ByPath | undefined

  constructor(rules: readonly ReadyRule[]) {
    this.#rules = rules
    this.reaches = distinctReaches(rules)
    this.#byPath = rules.length < LONG ? undefined : byPath(rules)
  }

  /** At least those that this route may match, in their order. */
  candidates(route: Route | undefined): readonly ReadyRule[] {
    const known = this.#byPath
    if (!known) return this.#rules
    if (!route) return known.open.map(({ rule }) => rule)
    const prefixes = prefixesOf(route.path)
    if (prefixes.length > MANY_ELEMENTS) return this.#rules
    const found = new Set(known.open)
    for (const placed of known.exact.get(route.path) ?? []) found.add(placed)
    for (const prefix of prefixes) {
      for (const placed of known.prefix.get(prefix) ?? []) found.add(placed)
    }
    return [...found].sort((a, b) => a.place - b.place).map(({ rule }) => rule)
  }
}

interface Placed {
  readonly rule: ReadyRule
  /** In the list. */
  readonly place: number
}

interface ByPath {
  /** Rules without routes. */
  readonly open: readonly Placed[]
  readonly exact: ReadonlyMap<string, readonly Placed[]>
  readonly prefix: ReadonlyMap<string, readonly Placed[]>
}

function byPath(rules: readonly ReadyRule[]): ByPath {
  const open: Placed[] = []
  const exact = new Map<string, Placed[]>()
  const prefix = new Map<string, Placed[]>()
  for (const [place, rule] of rules.entries()) {
    const placed = { rule, place }
    if (!rule.routes) open.push(placed)
    for (const { kind, path } of rule.routes ?? []) {
      const paths = kind === 'exact' ? exact : prefix
      const known = paths.get(path)
      if (known) known.push(placed)
      else paths.set(path, [placed])
    }
  }
  return { open, exact, prefix }
}

/** Every prefix in normal form that the path is at or below: as `isBelow` of rule/path.ts has it. */
export function prefixesOf(path: string): readonly string[] {
  const prefixes = ['/']
  for (let at = path.indexOf('/', 1); at !== -1; at = path.indexOf('/', at + 1)) {
    prefixes.push(path.slice(0, at))
  }
  if (!path.endsWith('/')) prefixes.push(path)
  return prefixes
}

function distinctReaches(rules: readonly ReadyRule[]): readonly Reach[] {
  const known = new Map<string, Reach>()
  for (const { from, until, ports } of rules) {
    known.set(`${from} ${until} ${JSON.stringify(ports)}`, { from, until, ports })
  }
  return [...known.values()]
}
