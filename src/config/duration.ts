import { type Seconds, seconds } from '../core/time.js'

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** `30s`, `10m`, `24h`, `7d`: a whole number of one unit, at most 10 digits. Undefined otherwise. */
export function parseDuration(text: string): Seconds | undefined {
  const [, count, unit] = /^(\d{1,10})([smhd])$/.exec(text) ?? []
  const length = unit === undefined ? undefined : UNITS[unit]
  if (count === undefined || length === undefined) return undefined
  return seconds(Number(count) * length)
}

/** The spelling that `parseDuration` reads back: `24h`, `90m`, `86401s`; days only from two up. */
export function renderDuration(length: Seconds): string {
  if (length % 86_400 === 0 && length >= 172_800) return `${length / 86_400}d`
  if (length % 3600 === 0 && length > 0) return `${length / 3600}h`
  if (length % 60 === 0 && length > 0) return `${length / 60}m`
  return `${length}s`
}
