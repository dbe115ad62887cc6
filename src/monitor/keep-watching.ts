import { DependencyError } from '../core/dependency-error.js'
import { type Clock, hours, plus, type Seconds, seconds, type UnixSeconds } from '../core/time.js'
import { type Alarm, alarmKey } from './alarm.js'
import { lasts, RaisedAlarms, type Told } from './raised-alarms.js'

/** The first look reads the whole log: so long it may take, whatever the silence is. */
const FIRST_LOOK = hours(1)

/** Of an alarm among those of a look. */
export interface Place {
  readonly after: number
  readonly of: number
}

/** What a look came to, as far as it is told. */
export interface ToldLook {
  readonly alarms: readonly Alarm[]
  /** What was found once is found again until this is called: when it has been told. */
  readonly remember: () => Promise<void>
  /** What kept the rest from being looked at, where something was found wrong all the same. */
  readonly unheard?: unknown
}

export interface KeepWatchingDeps<Look extends ToldLook> {
  readonly watch: { readonly look: () => Promise<Look> }
  readonly clock: Clock
  readonly interval: Seconds
  /** How long nothing may be heard of the server before that is an alarm. */
  readonly silence: Seconds
  readonly signal: AbortSignal
  /**
   * `after`: how many were told at this look before, and `of`: how many there are. False where whoever is
   * to hear it did not: it is told again after the next look, and what it was found in is read again.
   */
  readonly told: (told: Told, at: UnixSeconds, place: Place) => Promise<boolean>
  readonly looked: (look: Look) => void
  /** A look to which no answer came. */
  readonly unheard: (error: DependencyError) => void
}

/** Looks until `signal` aborts, and tells what is new. How many alarms were raised. */
export async function keepWatching<Look extends ToldLook>(
  deps: KeepWatchingDeps<Look>,
): Promise<number> {
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
      const isWhole = look.unheard === undefined
      // What half a look did not find may be in the other half. What was found once was told then.
      last = unique([...look.alarms, ...(isWhole ? [] : last)]).filter(lasts)
      if (isWhole) heard = clock.now()
      const isTold = isWhole
        ? await tell(look.alarms)
        : await missed(look.unheard, unique([...look.alarms, ...last]))
      if (isTold) await look.remember()
      if (isWhole) deps.looked(look)
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
        await tell([...last, endless(most)])
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
  async function missed(error: unknown, alarms: readonly Alarm[]): Promise<boolean> {
    if (!(error instanceof DependencyError)) {
      await tell(alarms)
      throw error
    }
    deps.unheard(error)
    const isSilent = clock.now() >= plus(heard, silence)
    return tell(isSilent ? [...alarms, silent(silence, error)] : alarms)
  }

  /** Did everybody hear all of it who is to? */
  async function tell(alarms: readonly Alarm[]): Promise<boolean> {
    const news = raised.after(alarms, clock.now())
    const of = news.length
    let isHeard = true
    for (const [after, told] of news.entries()) {
      if (told.state === 'raised') count += 1
      if (await deps.told(told, clock.now(), { after, of })) continue
      isHeard = false
      if (told.state === 'raised') raised.unheard(told.alarm)
    }
    return isHeard
  }
}

const unique = (alarms: readonly Alarm[]): readonly Alarm[] => [
  ...new Map(alarms.map((alarm) => [alarmKey(alarm), alarm])).values(),
]

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
