import { describe, expect, it } from '@jest/globals'
import { LongWork } from '../../src/compose/long-work.js'
import type { Progress } from '../../src/namespace/ports.js'

/** Keeps the thread for a while, as work does. */
function busy(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

describe('long work', () => {
  it('lets others have their turn, and knows how far it is until it is over', async () => {
    const longWork = new LongWork(() => undefined)
    let turns = 0
    const other = setInterval(() => (turns += 1), 1)
    expect(longWork.progress()).toBeUndefined()
    for (let done = 1; done <= 20; done += 1) {
      busy(6)
      await longWork.pace({ work: 'make changes', done, total: 20 })
    }
    clearInterval(other)
    expect(turns).toBeGreaterThan(5)
    expect(longWork.progress()).toEqual({ work: 'make changes', done: 20, total: 20 })
    longWork.end()
    expect(longWork.progress()).toBeUndefined()
  })

  it('costs nothing where it is short, and reports only when it takes seconds', async () => {
    const told: Progress[] = []
    const longWork = new LongWork((progress) => told.push(progress))
    for (let done = 0; done < 1000; done += 1) {
      const waited = longWork.pace({ work: 'compare', done })
      if (waited) await waited
    }
    expect(told).toEqual([])
    busy(5100)
    await longWork.pace({ work: 'compare', done: 1000 })
    expect(told).toEqual([{ work: 'compare', done: 1000 }])
    busy(10)
    await longWork.pace({ work: 'compare', done: 1001 })
    expect(told).toHaveLength(1)
  })
})
