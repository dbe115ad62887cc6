import { beforeEach, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { hours, plus, seconds } from '../../src/core/time.js'
import { refuse, type Result } from '../../src/core/result.js'
import { Admission } from '../../src/issuance/admission.js'
import type { Issued, IssueRequest } from '../../src/issuance/issue-leaf.js'
import { FakeClock, T0 } from '../support/fake-clock.js'
import { limits, World } from './admission-world.js'

describe('Admission', () => {
  let world: World
  beforeEach(() => {
    world = new World()
  })

  let round = 0
  /** Whether who asks by this name is begun before somebody who came earlier; all are done then. */
  async function goesBeforeAnother(name: string): Promise<boolean> {
    round += 1
    const [other, one] = [`other ${round}`, `one ${round}`]
    for (const id of [`x ${round}`, `y ${round}`, other]) world.ask(id)
    world.ask(one, name)
    await world.turn()
    const goesFirst = world.begun.indexOf(one) < world.begun.indexOf(other)
    for (const id of [...world.begun]) await world.finish(id)
    await world.turn()
    return goesFirst
  }

  it('begins at once when nobody waits, and a few in each turn', async () => {
    for (const id of ['a', 'b', 'c', 'd', 'e']) world.ask(id)
    expect(world.begun).toEqual(['a', 'b'])
    await world.turn()
    expect(world.begun).toEqual(['a', 'b', 'c', 'd'])
  })

  it('begins more in a turn that comes late, for the time that has passed', async () => {
    world = new World({ perMs: 1 / 8, atOnce: 100, waiting: 100, burstMs: 1000, few: 100 })
    for (let at = 0; at < 40; at += 1) world.ask(`r${at}`)
    await world.turn()
    const begun = world.begun.length
    await world.turn(80)
    expect(world.begun).toHaveLength(begun + 10)
  })

  it('begins a few in the first turn after a quiet time', async () => {
    world = new World({ perMs: 1 / 8, atOnce: 100, waiting: 100 })
    await world.turn(60_000)
    for (let at = 0; at < 40; at += 1) world.ask(`r${at}`)
    await world.turn()
    expect(world.begun).toHaveLength(2 * limits.perTurn)
  })

  it('counts what it takes to begin them as no time in which a turn was waited for', async () => {
    world = new World({ perMs: 1 / 8, atOnce: 100, waiting: 100, burstMs: 1000, few: 100 })
    for (let at = 0; at < 40; at += 1) world.ask(`r${at}`)
    world.msOfBeginning = 40
    await world.turn()
    world.msOfBeginning = 1
    const begun = world.begun.length
    await world.turn()
    expect(world.begun).toHaveLength(begun + limits.perTurn)
  })

  it('begins no more at once than it may, and the next when one is done', async () => {
    for (const id of ['a', 'b', 'c', 'd', 'e']) world.ask(id)
    await world.turn()
    await world.turn()
    expect(world.begun).toHaveLength(4)
    await world.finish('b')
    await world.turn()
    expect(world.begun).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('lets nobody in ahead of those who wait', async () => {
    for (const id of ['a', 'b', 'c', 'd', 'e']) world.ask(id)
    await world.turn()
    await world.turn()
    await world.finish('a')
    world.ask('f')
    expect(world.begun).toHaveLength(4)
    await world.turn()
    expect(world.begun.at(-1)).toBe('e')
  })

  it('looks again in time, and once, while nothing can be begun', async () => {
    for (const id of ['a', 'b', 'c', 'd', 'e']) world.ask(id)
    await world.turn()
    await world.turn()
    for (const id of ['f', 'g']) world.ask(id)
    expect(world.asked).toEqual({ turns: 0, timers: 1 })
    await world.turn(limits.waitMs)
    expect(world.asked).toEqual({ turns: 0, timers: 1 })
  })

  it('leaves the event loop alone when nobody waits', async () => {
    world.ask('a')
    await world.turn()
    await world.finish('a')
    expect(world.asked).toEqual({ turns: 0, timers: 0 })
  })

  it('lets a burst wait, and turns away who has waited longer', async () => {
    for (const id of ['a', 'b', 'c', 'd', 'e']) world.ask(id)
    await world.turn()
    await world.turnsFor(limits.burstMs - 2)
    expect(world.answers.get('e')).toBeUndefined()
    await world.turnsFor(limits.waitMs)
    expect(world.answers.get('e')).toBe('server.overloaded')
    expect(world.begun).not.toContain('e')
  })

  it('lets a burst wait again once the queue was empty, and an overload is over', async () => {
    for (const id of ['a', 'b', 'c', 'd', 'e']) world.ask(id)
    await world.turn()
    await world.turnsFor(limits.burstMs + limits.waitMs)
    expect(world.admission.depth).toBe(0)
    world.ms += limits.calmMs
    world.ask('f')
    await world.turnsFor(limits.burstMs - 2)
    expect(world.answers.get('f')).toBeUndefined()
  })

  it('turns nobody away, and keeps the order, while few wait', async () => {
    world = new World({ few: 2 })
    for (const id of ['a', 'b', 'c', 'd', 'e']) world.ask(id)
    await world.turn()
    await world.turn(limits.burstMs - 1)
    world.ask('f')
    await world.turn()
    await world.finish('a')
    await world.turn()
    expect(world.begun.at(-1)).toBe('e')
    expect(world.answers.get('f')).toBeUndefined()
  })

  it('serves the last to come first once somebody has waited for long', async () => {
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) world.ask(id)
    await world.turn()
    await world.turn(limits.waitMs / 2 - 1)
    world.ask('g')
    await world.finish('a')
    await world.turn()
    expect(world.begun.at(-1)).toBe('e')
    await world.finish('b')
    await world.turn(1)
    expect(world.begun.at(-1)).toBe('g')
  })

  it('gives the place of who has waited longest to who finds every place taken', async () => {
    for (let asked = 0; asked < 2 + limits.waiting; asked += 1) world.ask(`r${asked}`)
    world.ask('late')
    await world.settle()
    expect(world.answers.get('r2')).toBe('server.overloaded')
    expect(world.answers.get('late')).toBeUndefined()
    expect(world.admission.depth).toBe(limits.waiting)
  })

  it('turns away who enrols where renewals have every place', async () => {
    for (let asked = 0; asked < 2 + limits.waiting; asked += 1) {
      world.ask(`r${asked}`, undefined, 'renewal')
    }
    world.ask('late')
    await world.settle()
    expect(world.answers.get('late')).toBe('server.overloaded')
    world.ask('mtls', undefined, 'renewal')
    await world.settle()
    expect(world.answers.get('r2')).toBe('server.overloaded')
    expect(world.admission.depth).toBe(limits.waiting)
  })

  it('lets who holds a certificate go first, whatever it shows', async () => {
    world.ask('first', 'web.example')
    await world.finish('first')
    await world.turn()
    for (const id of ['a', 'b', 'c', 'd']) world.ask(id, `${id}.example`)
    world.ask('again', 'web.example')
    world.ask('mtls', undefined, 'renewal')
    await world.turn()
    expect(world.begun.slice(-2)).toEqual(['again', 'mtls'])
  })

  it('gives a renewal the place of who enrols', async () => {
    for (let asked = 0; asked < 2 + limits.waiting; asked += 1) world.ask(`r${asked}`)
    world.ask('mtls', undefined, 'renewal')
    await world.settle()
    expect(world.answers.get('r2')).toBe('server.overloaded')
    await world.turn()
    expect(world.begun.at(-2)).toBe('mtls')
  })

  it('counts as held what has not ended', async () => {
    world.ask('first', 'web.example')
    await world.finish('first')
    await world.turn()
    for (const { at, goesFirst } of [
      { at: plus(T0, hours(24)), goesFirst: true },
      { at: plus(T0, seconds(hours(24) + 1)), goesFirst: false },
    ]) {
      world.clock.set(at)
      expect(await goesBeforeAnother('web.example')).toBe(goesFirst)
    }
  })

  it('remembers as many requests as it may, and not many more', async () => {
    const goesFirstOf = async (issued: number, name: string): Promise<boolean> => {
      world = new World({ held: 2 })
      for (let at = 1; at <= issued; at += 1) {
        world.ask(`${at}`, `${at}.example`)
        await world.finish(`${at}`)
        await world.turn()
      }
      return goesBeforeAnother(name)
    }
    expect(await goesFirstOf(4, '1.example')).toBe(true)
    expect(await goesFirstOf(4, '4.example')).toBe(true)
    expect(await goesFirstOf(5, '2.example')).toBe(false)
    expect(await goesFirstOf(5, '3.example')).toBe(true)
  })

  it('attack 320: takes nobody for a renewal who says the name of one, and shows another request', async () => {
    world.ask('first', 'web.example')
    await world.finish('first')
    await world.turn()
    for (const id of ['a', 'b', 'other']) world.ask(id)
    world.ask('stranger', 'web.example', 'kubernetes', Buffer.from('a CSR of mine'))
    await world.turn()
    expect(world.begun.slice(-2)).toEqual(['other', 'stranger'])
  })

  it('passes a refusal and an error of the use case on, and frees their places', async () => {
    let next: () => Promise<Result<Issued>> = () =>
      Promise.resolve(refuse('csr.malformed', 'no CSR'))
    const admission = new Admission({
      issueLeaf: () => next(),
      clock: new FakeClock(),
      elapsed: () => 0,
      nextTurn: (run) => setImmediate(run),
      after: () => undefined,
      limits: { ...limits, atOnce: 1 },
    })
    const request = { evidence: { kind: 'kubernetes' } } as unknown as IssueRequest
    expect(await admission.issueLeaf(request)).toMatchObject({ refusal: { code: 'csr.malformed' } })
    next = () => Promise.reject(new Error('broken'))
    await expect(admission.issueLeaf(request)).rejects.toThrow('broken')
    await expect(admission.issueLeaf(request)).rejects.toThrow('broken')
  })

  it('answers everybody once, never has more under work than it may, and begins nobody late', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ ask: fc.boolean() }) },
      { weight: 3, arbitrary: fc.record({ turn: fc.integer({ min: 0, max: 12 }) }) },
      { weight: 3, arbitrary: fc.record({ finish: fc.nat({ max: 3 }) }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
        const given = new World()
        const askedAt = new Map<string, number>()
        const working = new Set<string>()
        const look = (): void => {
          for (const id of given.begun) {
            if (working.has(id)) continue
            working.add(id)
            expect(given.ms - (askedAt.get(id) ?? 0)).toBeLessThan(limits.burstMs)
          }
          expect(given.underWork).toBeLessThanOrEqual(limits.atOnce)
          expect(given.admission.depth).toBeLessThanOrEqual(limits.waiting)
        }
        for (const [at, each] of steps.entries()) {
          if ('ask' in each) {
            askedAt.set(`r${at}`, given.ms)
            given.ask(`r${at}`, undefined, each.ask ? 'renewal' : 'kubernetes')
            await given.settle()
          } else if ('turn' in each) await given.turn(each.turn)
          else await given.finish(given.begun.at(-1 - each.finish) ?? '')
          look()
        }
        for (let round = 0; round < 200 && given.answers.size < askedAt.size; round += 1) {
          for (const id of given.begun) await given.finish(id)
          await given.turn(1)
        }
        expect([...given.answers.keys()].sort()).toEqual([...askedAt.keys()].sort())
      }),
      { numRuns: 200 },
    )
  })
})
