import { unixSeconds, type UnixSeconds } from '../../core/time.js'

/** `2026-11-21T08:15:20Z`, nothing looser; undefined otherwise. */
export function parseInstant(text: string): UnixSeconds | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(text)) return undefined
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : unixSeconds(Math.floor(at / 1000))
}

/** `2026-11-21 08:15Z` */
export function renderInstant(at: UnixSeconds): string {
  return `${new Date(at * 1000).toISOString().slice(0, 16).replace('T', ' ')}Z`
}

const UNITS = [
  { name: 'd', length: 86_400, from: 172_800 },
  { name: 'h', length: 3600, from: 7200 },
  { name: 'min', length: 60, from: 120 },
  { name: 's', length: 1, from: 0 },
] as const

/** `in 23 h`, `3 d ago`, `now`: rounded down, in the unit that a person would use. */
export function renderRelative(at: UnixSeconds, now: UnixSeconds): string {
  const away = Math.abs(at - now)
  if (away === 0) return 'now'
  const unit = UNITS.find(({ from }) => away >= from) ?? UNITS[3]
  const length = `${Math.floor(away / unit.length)} ${unit.name}`
  return at > now ? `in ${length}` : `${length} ago`
}

/** `2026-11-21 08:15Z (in 23 h)`, from the wire's ISO text; what is no instant is shown as it is. */
export function renderTime(iso: string, now: UnixSeconds): string {
  const at = parseInstant(iso)
  return at === undefined ? iso : `${renderInstant(at)} (${renderRelative(at, now)})`
}
