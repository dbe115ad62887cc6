import { describe, expect, it } from '@jest/globals'
import type { Progress } from '../../../src/namespace/ports.js'
import { Effort, STEPS } from '../../../src/namespace/questions/effort.js'

describe('the effort of an answer', () => {
  it('is there until the last of its steps, and spent with the next', () => {
    const effort = new Effort(() => undefined, 3)
    expect([effort.spend(), effort.spend(2), effort.isSpent]).toEqual([true, true, false])
    expect([effort.spend(), effort.isSpent]).toEqual([false, true])
    const usual = new Effort(() => undefined)
    expect([usual.spend(STEPS), usual.spend()]).toEqual([true, false])
  })

  it('lets others have their turn after so many steps, and tells how far it is', () => {
    const told: Progress[] = []
    const turn = Promise.resolve()
    const effort = new Effort((progress) => {
      told.push(progress)
      return turn
    }, 1000)
    const breath = (steps: number): unknown => {
      effort.spend(steps)
      return effort.breathe()
    }
    expect([breath(63), breath(1), breath(0), breath(63)]).toEqual([
      undefined,
      turn,
      undefined,
      undefined,
    ])
    expect(breath(1)).toBe(turn)
    // However much at once: one breath.
    expect([breath(500), breath(0)]).toEqual([turn, undefined])
    expect(told).toEqual([64, 128, 628].map((done) => ({ work: 'look', done })))
  })

  it('has a part that is counted by itself, at the same pace', () => {
    let breaths = 0
    const effort = new Effort(() => {
      breaths += 1
      return undefined
    }, 1)
    const apart = effort.apart(100)
    expect([apart.spend(100), effort.spend(), effort.isSpent]).toEqual([true, true, false])
    void apart.breathe()
    expect([breaths, apart.spend()]).toEqual([1, false])
    expect(effort.isSpent).toBe(false)
  })
})
