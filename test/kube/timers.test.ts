import { describe, expect, it } from '@jest/globals'
import { systemTimers } from '../../src/kube/timers.js'
import { halfway } from '../support/token-review-world.js'

const none = (size: number): Uint8Array => new Uint8Array(size)

describe('systemTimers', () => {
  it('makes deadlines that pass', async () => {
    const deadline = systemTimers(none).deadline(1)
    await new Promise((resolve) => deadline.addEventListener('abort', resolve))
    expect(deadline.aborted).toBe(true)
  })

  it('does not pause when the draw is zero', async () => {
    await systemTimers(none).backOff(86_400_000, new AbortController().signal)
  })

  it('ends a pause when its signal aborts', async () => {
    const leaving = new AbortController()
    const pause = systemTimers(halfway).backOff(86_400_000, leaving.signal)
    leaving.abort()
    await pause
    await systemTimers(halfway).backOff(86_400_000, AbortSignal.abort())
  })
})
