import { hours, plus, type UnixSeconds } from '../core/time.js'
import { type Alarm, alarmKey } from './alarm.js'

/** An alarm that lasts is told again so often. */
const AGAIN = hours(1)

/** Is it about a log, and not about what was found in it once? */
export const lasts = ({ record, code }: Alarm): boolean =>
  record === undefined && code !== 'records-gone'

/** What is to be told of an alarm. */
export interface Told {
  /** `raised`: now, or an hour after it was told last; `over`: it lasted, and is no more. */
  readonly state: 'raised' | 'over'
  readonly alarm: Alarm
}

/**
 * Alarms from look to look. What is wrong with a log lasts until it is right; what is wrong with a
 * certificate is told once, when it is found.
 */
export class RaisedAlarms {
  /** What was found once, at the look before: where that was not ended, it is found again. */
  private before = new Set<string>()
  private readonly lasting = new Map<string, { readonly alarm: Alarm; readonly at: UnixSeconds }>()

  /** What is to be told after a look at which there were these. */
  after(alarms: readonly Alarm[], now: UnixSeconds): readonly Told[] {
    const told: Told[] = []
    const there = new Set<string>()
    const once = new Set<string>()
    for (const alarm of alarms) {
      const key = alarmKey(alarm)
      if (!lasts(alarm)) {
        if (!this.before.has(key)) told.push({ state: 'raised', alarm })
        once.add(key)
        continue
      }
      there.add(key)
      const before = this.lasting.get(key)
      if (before && now < plus(before.at, AGAIN)) continue
      this.lasting.set(key, { alarm, at: now })
      told.push({ state: 'raised', alarm })
    }
    this.before = once
    for (const [key, { alarm }] of [...this.lasting]) {
      if (there.has(key)) continue
      this.lasting.delete(key)
      told.push({ state: 'over', alarm })
    }
    return told
  }

  /** Nobody heard it: it is told again after the next look at which it is there. */
  unheard(alarm: Alarm): void {
    const key = alarmKey(alarm)
    this.before.delete(key)
    this.lasting.delete(key)
  }
}
