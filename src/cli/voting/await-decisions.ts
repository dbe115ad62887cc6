import { plus, seconds, type Seconds, type UnixSeconds } from '../../core/time.js'
import { exitCode, type ExitCode } from '../exit-code.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import type { OperatorApi } from '../operator-api.js'
import type { Outcome } from '../problem.js'
import { ProgressLine } from '../screen/progress-line.js'

/** Between two looks at what waits. */
const LOOK_EVERY = seconds(2)

const waits: ReadonlySet<string> = new Set(['open', 'scheduled', 'due'])

/** Proposals as they are once others have decided about all of them, or the time is over. */
export async function awaitDecisions(
  { world }: Invocation,
  api: OperatorApi,
  { proposed, within }: { readonly proposed: readonly JsonReader[]; readonly within: Seconds },
): Promise<Outcome<readonly JsonReader[]>> {
  const end = plus(world.clock.now(), within)
  const line = world.stderr.isTTY ? new ProgressLine(world.stderr) : undefined
  let latest = proposed
  try {
    for (;;) {
      const open = latest.filter(isWaiting)
      line?.show({
        work: 'wait for votes',
        done: latest.length - open.length,
        total: latest.length,
      })
      if (open.length === 0 || world.clock.now() >= end || world.signal.aborted) break
      await world.clock.sleepUntil(nextLook(world.clock.now(), end), world.signal)
      const looked: JsonReader[] = []
      for (const one of latest) {
        const found = isWaiting(one) ? await api.read(`/v1/proposals/${one.raw('id')}`) : undefined
        if (found && !found.ok) return found
        looked.push(found?.value ?? one)
      }
      latest = looked
    }
  } finally {
    line?.end()
  }
  return { ok: true, value: latest }
}

const nextLook = (now: UnixSeconds, end: UnixSeconds): UnixSeconds => {
  const next = plus(now, LOOK_EVERY)
  return next < end ? next : end
}

const isWaiting = (proposal: JsonReader): boolean => waits.has(proposal.raw('standing'))

/** Of all that was proposed: made, still waiting, or in part given up. */
export function exitOfDecisions(proposals: readonly JsonReader[]): ExitCode | undefined {
  if (proposals.some((one) => !isWaiting(one) && one.raw('standing') !== 'committed')) {
    return exitCode.refused
  }
  return proposals.some(isWaiting) ? exitCode.waits : undefined
}
