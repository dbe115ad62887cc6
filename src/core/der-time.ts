import { type UnixSeconds, unixSeconds } from './time.js'

/** RFC 5280 section 4.1.2.5: these years are written as UTCTime, all others as GeneralizedTime. */
const hasUtcTime = (year: number): boolean => year >= 1950 && year < 2050

/** `YYMMDDHHMMSSZ` from 1950 to 2049; undefined when it is none. */
export function parseUtcTime(text: string): UnixSeconds | undefined {
  if (!/^\d{12}Z$/.test(text)) return undefined
  const century = Number(text.slice(0, 2)) >= 50 ? '19' : '20'
  return parseDigits(century + text.slice(0, 12))
}

/** `YYYYMMDDHHMMSSZ` outside the years that UTCTime is for; undefined when it is none. */
export function parseGeneralizedTime(text: string): UnixSeconds | undefined {
  if (!/^\d{14}Z$/.test(text)) return undefined
  const year = Number(text.slice(0, 4))
  return hasUtcTime(year) ? undefined : parseDigits(text.slice(0, 14))
}

/** `YYYYMMDDHHMMSS`; undefined for a 30th of February. */
function parseDigits(digits: string): UnixSeconds | undefined {
  const iso = digits.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6Z')
  const milliseconds = Date.parse(iso)
  if (Number.isNaN(milliseconds)) return undefined
  // Date.parse carries 30 February and 24:00:00 over into the next day.
  if (new Date(milliseconds).toISOString() !== iso.replace('Z', '.000Z')) return undefined
  return unixSeconds(milliseconds / 1000)
}

/** Throws for an instant outside the years 0 to 9999. */
export function renderTime(at: UnixSeconds): { type: 'utcTime' | 'generalizedTime'; text: string } {
  const iso = new Date(at * 1000).toISOString()
  const text = iso.replace('.000Z', 'Z').replaceAll(/[-:T]/g, '')
  // ISO 8601 writes further years with a sign and six digits.
  if (!/^\d{14}Z$/.test(text)) throw new RangeError('no such time in a certificate')
  return hasUtcTime(Number(text.slice(0, 4)))
    ? { type: 'utcTime', text: text.slice(2) }
    : { type: 'generalizedTime', text }
}
