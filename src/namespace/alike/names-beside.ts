import { type Alias, parentAlias, ROOT } from '../../core/alias.js'
import type { Uid } from '../../core/uid.js'
import type { Effort } from '../questions/effort.js'
import type { IndexState } from '../state.js'
import type { Table } from '../table.js'
import { END } from './resembles.js'

/** A row is a step; where it is looked for, and not the next one, it costs as much as these. */
const SEARCH = 3

/** A name beside others, in the region that they have in common. */
export interface Beside {
  readonly segment: string
  /** An alias that an entry had once, and that still leads there. */
  readonly former: boolean
}

/** Where to go on after a name: undefined for the next one; else that is not wanted, nor what is between. */
export type NextAfter = (segment: string) => string | undefined

/**
 * The names right below a region that stand for something: of entries and scopes that are not retired,
 * also where they are only above such, and former ones of entries. A name may come more than once.
 * What `nextAfter` passes over is left out. Ends early when the effort is spent.
 */
export async function* namesBelow(
  { tables }: IndexState,
  region: Alias,
  nextAfter: NextAfter,
  effort: Effort,
): AsyncIterable<Beside> {
  const below = region === ROOT ? '' : `${region}/`
  const shelves = [
    { table: tables.held, head: 'alias:', former: false },
    { table: tables.scopeAliases, head: '', former: false },
    { table: tables.redirects, head: '', former: true },
  ] as const
  for (const { table, head, former } of shelves) {
    const rows = new Rows(table, `${head}${below}`, effort)
    for (let name = rows.first(); name !== undefined && !effort.isSpent;) {
      await effort.breathe()
      const { segment, isAbove } = name
      const next = nextAfter(segment)
      // The root has no name; what is below a former alias does not lead anywhere by it.
      if (next === undefined && segment !== '' && !(former && isAbove)) yield { segment, former }
      if (next !== undefined) name = rows.from(next)
      else name = isAbove ? rows.from(`${segment}0`) : rows.next()
    }
  }
}

interface Name {
  readonly segment: string
  /** The row is of something below it. */
  readonly isAbove: boolean
}

/** Walks over the keys of a table that begin alike. */
class Rows {
  private readonly table: Table<string, unknown>
  private readonly beginning: string
  private readonly effort: Effort
  private rows: Iterator<readonly [string, unknown]> | undefined

  constructor(table: Table<string, unknown>, beginning: string, effort: Effort) {
    this.table = table
    this.beginning = beginning
    this.effort = effort
  }

  first(): Name | undefined {
    return this.from('')
  }

  /** The first that is not before this one. */
  from(rest: string): Name | undefined {
    this.effort.spend(SEARCH)
    const { beginning } = this
    const end = `${beginning}${END}`
    this.rows = this.table.range(`${beginning}${rest}`, end)[Symbol.iterator]()
    return this.next()
  }

  next(): Name | undefined {
    this.effort.spend()
    const row = this.rows?.next()
    if (!row || row.done === true) return undefined
    const rest = row.value[0].slice(this.beginning.length)
    const cut = rest.indexOf('/')
    return { segment: cut === -1 ? rest : rest.slice(0, cut), isAbove: cut !== -1 }
  }
}

/** Uids of the entries and scopes at and under an alias that are not retired. */
export function* uidsAt({ tables }: IndexState, alias: Alias): Iterable<Uid> {
  for (const [table, key] of [
    [tables.scopeAliases, alias],
    [tables.held, `alias:${alias}`],
  ] as const) {
    const here = table.get(key as Alias)
    if (here !== undefined) yield here
    // `0` follows the slash.
    for (const [, uid] of table.range(`${key}/`, `${key}0`)) yield uid
  }
}

/** The alias, and every alias above it but the root; the shortest first. */
export function upTo(alias: Alias): readonly Alias[] {
  const path: Alias[] = []
  for (let above = alias; above !== ROOT; above = parentAlias(above)) path.unshift(above)
  return path
}
