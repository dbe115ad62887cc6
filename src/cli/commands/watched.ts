import { plus, seconds } from '../../core/time.js'
import type { Invocation } from '../invocation.js'
import type { OperatorApi } from '../operator-api.js'
import { ProgressLine } from '../screen/progress-line.js'

/** Waits for an answer; on a terminal, tells meanwhile how far the work for it is. */
export async function watched<T>(
  call: Invocation,
  api: OperatorApi,
  answer: Promise<T>,
): Promise<T> {
  const { world } = call
  // How far the work is, the local socket says.
  if (!world.stderr.isTTY || call.has('server')) return answer
  const line = new ProgressLine(world.stderr)
  const over = new AbortController()
  const watching = watch(over.signal)
  try {
    return await answer
  } finally {
    over.abort()
    await watching
    line.end()
  }

  async function watch(signal: AbortSignal): Promise<void> {
    for (;;) {
      await world.clock.sleepUntil(plus(world.clock.now(), seconds(1)), signal)
      if (signal.aborted) return
      // Whoever does not know how far it is still answers in the end.
      const asked = await api.read('/v1/progress').catch(() => undefined)
      const progress = asked?.ok === true ? asked.value.optionalObject('progress') : undefined
      if (!progress) continue
      line.show({
        work: progress.text('work'),
        done: progress.count('done'),
        ...(!progress.absent('total') && { total: progress.count('total') }),
      })
    }
  }
}
