/**
 * The offered media type that an Accept header likes best (RFC 9110 section 12.5.1), the earlier
 * offer on a tie; undefined when it likes none. Parameters other than `q` are not looked at, so that
 * `application/json; charset=utf-8` is served JSON.
 */
export function negotiate(
  accept: string | undefined,
  offers: readonly string[],
): string | undefined {
  if (accept === undefined || accept.trim() === '') return offers[0]
  const ranges = accept.split(',').map(parseRange)
  let best: { readonly offer: string; readonly quality: number } | undefined
  for (const offer of offers) {
    const quality = qualityOf(bareType(offer), ranges)
    if (quality > (best?.quality ?? 0)) best = { offer, quality }
  }
  return best?.offer
}

interface MediaRange {
  readonly type: string
  readonly quality: number
}

const QUALITY = /^q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/

function parseRange(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const weight = parameters.find((parameter) => parameter.startsWith('q='))
  if (weight === undefined) return { type, quality: 1 }
  return { type, quality: Number(QUALITY.exec(weight)?.[1] ?? 0) }
}

/** The most specific range that covers the type decides. */
function qualityOf(type: string, ranges: readonly MediaRange[]): number {
  const family = `${type.split('/')[0] ?? ''}/*`
  for (const wanted of [type, family, '*/*']) {
    const covering = ranges.filter((range) => range.type === wanted)
    if (covering.length > 0) return Math.max(...covering.map((range) => range.quality))
  }
  return 0
}

/** `text/plain; version=0.0.4` -> `text/plain` */
export const bareType = (type: string): string => (type.split(';')[0] ?? '').trim().toLowerCase()
