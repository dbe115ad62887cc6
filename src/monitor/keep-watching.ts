import { DependencyError } from '../core/dependency-error.js'
import { type Clock, hours, plus, type Seconds, seconds, type UnixSeconds } from '../core/time.js'
import type { Alarm } from './alarm.js'
import { lasts, RaisedAlarms, type Told } from './raised-alarms.js'
import type { Look, Watch } from './watch.js'

/** The first look reads the whole log: so long it may take, whatever the silence is. */
const FIRST_LOOK = hours(1)

/** Of an alarm among those of a look. */
export interface Place {
  readonly after: number
  readonly of: number
}

export interface KeepWatchingDeps {
  readonly watch: Pick<Watch, 'look'>
  readonly clock: Clock
  readonly interval: Seconds
  /** How long nothing may be heard of the server before that is an alarm. */
  readonly silence: Seconds
  readonly signal: AbortSignal
  /** `after`: how many were told at this look before, and `of`: how many there are. */
  readonly told: (told: Told, at: UnixSeconds, place: Place) => Promise<void>
  readonly looked: (look: Look) => void
  /** A look to which no answer came. */
  readonly unheard: (error: DependencyError) => void
}

/** Looks until `signal` aborts, and tells what is new. How many alarms were raised. */
export async function keepWatching(deps: KeepWatchingDeps): Promise<number> {
  const { watch, clock, interval, silence, signal } = deps
  const raised = new RaisedAlarms()
  let [heard, count] = [clock.now(), 0]
  let last: readonly Alarm[] = []
  let isFirst = true
  const isOver = (): boolean => signal.aborted
  while (!isOver()) {
    try {
      const look = await lookInTime()
      isFirst = false
      // What was found once was told then.
      last = look.alarms.filter(lasts)
      if (look.unheard === undefined) {
        heard = clock.now()
        count += await tell(look.alarms)
        await look.remember?.()
        deps.looked(look)
      } else {
        await missed(look.unheard, look.alarms)
        await look.remember?.()
      }
    } catch (error) {
      if (!(error instanceof DependencyError)) throw error
      if (isOver()) break
      await missed(error, last)
    }
    await clock.sleepUntil(plus(clock.now(), interval), signal)
  }
  return count

  /** Whoever answers for ever, a little at a time, is as silent as who does not answer. */
  async function lookInTime(): Promise<Look> {
    const ended = new AbortController()
    const most = isFirst ? seconds(Math.max(silence, FIRST_LOOK)) : silence
    const awake = (async () => {
      for (let until = plus(clock.now(), most); ;) {
        await clock.sleepUntil(until, ended.signal)
        if (ended.signal.aborted) return
        if (clock.now() < until) continue
        count += await tell([...last, endless(most)])
        until = plus(clock.now(), most)
      }
    })()
    awake.catch(() => undefined)
    try {
      return await watch.look()
    } finally {
      ended.abort()
      await awake
    }
  }

  /** What was found wrong is told before a defect ends all. */
  async function missed(error: unknown, alarms: readonly Alarm[]): Promise<void> {
    if (!(error instanceof DependencyError)) {
      await tell(alarms)
      throw error
    }
    deps.unheard(error)
    const isSilent = clock.now() >= plus(heard, silence)
    count += await tell(isSilent ? [...alarms, silent(silence, error)] : alarms)
  }

  async function tell(alarms: readonly Alarm[]): Promise<number> {
    const news = raised.after(alarms, clock.now())
    const of = news.length
    for (const [after, told] of news.entries()) await deps.told(told, clock.now(), { after, of })
    return news.filter(({ state }) => state === 'raised').length
  }
}

const endless = (most: Seconds): Alarm => ({
  code: 'silent',
  log: 'index',
  detail: `a look does not end within ${most} seconds`,
})

const silent = (silence: Seconds, { message }: DependencyError): Alarm => ({
  code: 'silent',
  log: 'index',
  detail: `nothing could be read for ${silence} seconds`,
  found: message,
})
