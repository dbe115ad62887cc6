import type { JsonReader } from '../json-reader.js'
import type { OperatorApi } from '../operator-api.js'
import { type Outcome, usage } from '../problem.js'

/** The server gives no more at a time. */
const PAGE = 1000
/** Shown unless more are asked for. */
export const DEFAULT_ENTRIES = 1000
const MOST = 1_000_000

export const limitOption = {
  flags: '--limit <count>',
  description: `at most this many entries (default: ${DEFAULT_ENTRIES})`,
} as const

export function parseLimit(text: string | undefined): Outcome<number> {
  const limit = Number(text ?? DEFAULT_ENTRIES)
  const isCount = text === undefined || /^[1-9]\d{0,6}$/.test(text)
  return isCount && limit <= MOST
    ? { ok: true, value: limit }
    : usage('--limit is no count', { wanted: `1 to ${MOST}` })
}

export interface EntryList {
  readonly entries: readonly JsonReader[]
  /** Where what follows begins; undefined after the last. */
  readonly next: string | undefined
}

/** The first `limit` entries at and under an alias, a page after another. */
export async function readEntries(
  api: OperatorApi,
  { prefix, limit }: { readonly prefix: string; readonly limit: number },
): Promise<Outcome<EntryList>> {
  const entries: JsonReader[] = []
  let next: string | undefined
  do {
    const query = new URLSearchParams({
      ...(prefix !== '' && { prefix }),
      ...(next !== undefined && { after: next }),
      limit: String(Math.min(PAGE, limit - entries.length)),
    })
    const page = await api.read(`/v1/entries?${query.toString()}`)
    if (!page.ok) return page
    entries.push(...page.value.objects('entries'))
    next = page.value.absent('next') ? undefined : page.value.raw('next')
  } while (next !== undefined && entries.length < limit)
  return { ok: true, value: { entries, next } }
}

/** As one answer, whatever pages it came in. */
export const entryListJson = ({ entries, next }: EntryList): Readonly<Record<string, unknown>> => ({
  entries: entries.map(({ value }) => value),
  ...(next !== undefined && { next }),
})
