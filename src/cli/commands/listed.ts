import { answer, type Answer } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import type { Outcome } from '../problem.js'
import type { Look } from '../screen/look.js'
import { type Cell, type Column, renderTable } from '../screen/table.js'
import { parseLimit } from './entry-pages.js'
import { pageOf, questionPath } from './moment.js'
import { watched } from './watched.js'

/** The root, an empty text, as people write it. */
export const shown = (alias: string): string => (alias === '' ? '/' : alias)

export interface Listed {
  readonly items: readonly JsonReader[]
  readonly more: boolean
  readonly json: Readonly<Record<string, unknown>>
}

/** A list of the server: its path, its member of the answer, and the parameter that goes on with `next`. */
interface Sought {
  readonly path: string
  readonly name: string
  readonly resume: string
}

/** The server gives no more at a time. */
const PAGE = 1000

/** Pages of one list, up to the limit; each goes on where the one before ended. */
export async function listed(
  call: Invocation,
  { path, name, resume }: Sought,
  asked: URLSearchParams,
): Promise<Outcome<Listed>> {
  const limit = parseLimit(call.text('limit'))
  if (!limit.ok) return limit
  return listedUpTo(call, limit.value, { path, name, resume }, asked)
}

/** The same with a limit of the caller's. */
export async function listedUpTo(
  call: Invocation,
  limit: number,
  { path, name, resume }: Sought,
  asked: URLSearchParams,
): Promise<Outcome<Listed>> {
  const api = await call.operator()
  if (!api.ok) return api
  const items: JsonReader[] = []
  let next: string | undefined
  do {
    const query = new URLSearchParams(asked)
    if (next !== undefined) query.set(resume, next)
    query.set('limit', String(pageOf(call, limit - items.length, PAGE)))
    const page = await watched(call, api.value, api.value.read(questionPath(call, path, query)))
    if (!page.ok) return page
    items.push(...page.value.objects(name))
    const { value } = page.value
    next = page.value.absent('next') ? undefined : String(value['next'])
  } while (next !== undefined && items.length < limit)
  const json = { [name]: items.map(({ value }) => value), ...(next !== undefined && { next }) }
  return { ok: true, value: { items, more: next !== undefined, json } }
}

export function answered(
  found: Outcome<Listed>,
  nothing: string,
  columns: readonly Column[],
  row: (look: Look, item: JsonReader) => readonly Cell[],
): Outcome<Answer> {
  if (!found.ok) return found
  const { items, more, json } = found.value
  return answer(json, (look) => {
    const rows = items.map((item) => row(look, item))
    return listedTable(look, { columns, rows, nothing, more })
  })
}

interface ShownTable {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly Cell[])[]
  /** Said where there are no rows. */
  readonly nothing: string
  readonly more: boolean
}

export function listedTable(look: Look, { columns, rows, nothing, more }: ShownTable): string {
  const table = rows.length === 0 ? nothing : renderTable(look, columns, rows)
  return more ? `${table}\n${look.paint('yellow', 'there may be more: --limit')}` : table
}
