import { toIso } from '../../core/time.js'
import type { AsOf } from '../../verify/freshness.js'
import type { VerifyOptions } from '../../verify/verify-bundle.js'
import type { Look } from '../screen/look.js'
import { renderTime } from '../screen/times.js'

/** Of what time it is, and whether anybody said how old it may be. */
type Bounds = Pick<VerifyOptions, 'now' | 'maxAge'>

/** `2026-11-22 03:32Z (3 h ago) (its last record; however old: --age bounds it)` */
export function renderAsOf(look: Look, { at, by }: AsOf, { now, maxAge }: Bounds): string {
  const seen = by === 'witnesses' ? 'seen by witnesses' : 'its last record'
  const when = `${renderTime(toIso(at), now)} (${seen}`
  return maxAge === undefined
    ? `${when}; ${look.paint('yellow', 'however old: --age bounds it')})`
    : `${when})`
}

export interface AsOfJson {
  readonly asOf: string
  readonly asOfBy: AsOf['by']
  readonly age: number
  readonly maxAge: number | null
}

/** `age` and `maxAge` in seconds; `maxAge` is null where any age was taken. */
export const asOfJson = ({ at, by }: AsOf, { now, maxAge }: Bounds): AsOfJson => ({
  asOf: toIso(at),
  asOfBy: by,
  age: Math.max(0, now - at),
  maxAge: maxAge ?? null,
})
