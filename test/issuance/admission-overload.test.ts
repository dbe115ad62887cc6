import { beforeEach, describe, expect, it } from '@jest/globals'
import { limits, World } from './admission-world.js'

describe('Admission, in an overload and after it', () => {
  let world: World
  beforeEach(() => {
    world = new World()
  })

  it('lets wait for less in an overload', async () => {
    await inOverload()
    await world.turnsFor(limits.waitMs - 2)
    expect(world.answers.get('f')).toBeUndefined()
    await world.turnsFor(2)
    expect(world.answers.get('f')).toBe('server.overloaded')
  })

  /** Three wait, the rest were turned away, and the queue has not passed for long enough. */
  async function inOverload(): Promise<void> {
    for (const id of ['a', 'b', 'c', 'd', 'e']) world.ask(id)
    await world.turn()
    await world.turnsFor(limits.burstMs + limits.waitMs)
    expect(world.answers.get('e')).toBe('server.overloaded')
    for (const id of ['f', 'g', 'h']) world.ask(id)
    await world.settle()
    expect(world.admission.depth).toBe(3)
  }

  it('turns away at once, in an overload, who comes beside those who wait', async () => {
    await inOverload()
    world.ask('beside')
    await world.settle()
    expect(world.answers.get('beside')).toBe('server.overloaded')
    expect(['f', 'g', 'h'].filter((id) => world.answers.has(id))).toEqual([])
  })

  it('has places for renewals of their own in an overload', async () => {
    await inOverload()
    for (const id of ['m1', 'm2', 'm3']) world.ask(id, undefined, 'renewal')
    await world.settle()
    const given = ['m1', 'm2', 'm3'].map((id) => world.answers.get(id))
    expect(given).toEqual([undefined, undefined, 'server.overloaded'])
    await world.finish('a')
    await world.turn()
    expect(world.begun.at(-1)).toBe('m1')
  })

  /** Whether an overload is over, `calmMs` after the last look at which somebody had waited for long. */
  async function isOverAfter(calmMs: number): Promise<boolean> {
    await inOverload()
    await world.turnsFor(limits.waitMs / 2)
    do {
      for (const id of world.begun) await world.finish(id)
      await world.turn()
    } while (world.underWork > 0)
    world.ms += calmMs
    for (let at = 0; at < 2 + limits.firstsThen; at += 1) world.ask(`again ${at}`)
    world.ask('beside')
    await world.settle()
    return world.answers.get('beside') === undefined
  }

  it('is over an overload once nobody has waited for long for long enough, asked or not', async () => {
    expect(await isOverAfter(limits.calmMs - 1)).toBe(false)
    world = new World()
    expect(await isOverAfter(limits.calmMs)).toBe(true)
  })

  it('is over an overload though bursts come that are more than its queue has places for', async () => {
    await inOverload()
    for (let burst = 0; burst < 4; burst += 1) {
      for (let at = 0; at < 8; at += 1) world.ask(`${burst} ${at}`)
      await world.settle()
      while (world.admission.depth > 0) {
        for (const id of world.begun) await world.finish(id)
        await world.turn(1)
      }
      for (const id of world.begun) await world.finish(id)
      await world.turn(limits.calmMs / 2)
    }
    const refused = [...world.answers].filter(
      ([id, is]) => id !== 'e' && is === 'server.overloaded',
    )
    expect(refused.map(([id]) => id.split(' ')[0])).not.toContain('3')
  })

  it('turns nobody away for a pause of the machine after a quiet time', async () => {
    await world.turn(10 * limits.burstMs)
    for (const id of ['a', 'b', 'c']) world.ask(id)
    await world.turn(limits.waitMs)
    expect(world.begun).toEqual(['a', 'b', 'c'])
  })

  it('turns nobody away for a pause of the machine in a queue that passes', async () => {
    const queueThatPasses = async (): Promise<void> => {
      for (let at = 0; at < 2 * limits.burstMs; at += 1) {
        for (const id of [`${at}a`, `${at}b`]) world.ask(id)
        for (const id of world.begun) await world.finish(id)
        await world.turn(1)
      }
    }
    for (const id of ['a', 'b', 'c', 'd']) world.ask(id)
    await queueThatPasses()
    const waiting = world.admission.depth
    expect(waiting).toBeGreaterThan(0)
    const begun = world.begun.length
    await world.turn(limits.waitMs)
    for (const id of world.begun) await world.finish(id)
    while (world.admission.depth > 0) {
      await world.turn()
      for (const id of world.begun) await world.finish(id)
    }
    expect(world.begun).toHaveLength(begun + waiting)
    expect([...world.answers.values()]).not.toContain('server.overloaded')
  })

  it('turns nobody away who waited in a pause of the machine, however long it was', async () => {
    for (const id of ['a', 'b', 'c', 'd', 'e']) world.ask(id)
    await world.turn()
    await world.finish('a')
    await world.turn(20 * limits.burstMs)
    expect(world.begun.at(-1)).toBe('e')
    for (const id of ['f', 'g', 'h', 'i', 'j']) world.ask(id)
    await world.settle()
    await world.turn(limits.waitMs)
    expect([...world.answers.values()]).not.toContain('server.overloaded')
  })

  it('takes one late turn for a pause, and late turns one after another for load', async () => {
    world = new World({ atOnce: 100, waiting: 100 })
    for (let at = 0; at < 12; at += 1) world.ask(`r${at}`)
    await world.turn(10 * limits.burstMs)
    expect(world.answers.size).toBe(0)
    await world.turn(10 * limits.burstMs)
    expect(new Set(world.answers.values())).toEqual(new Set(['server.overloaded']))
  })

  it('takes no quiet time for a pause', async () => {
    await world.turn(100 * limits.burstMs)
    for (const id of ['a', 'b', 'c', 'd', 'e']) world.ask(id)
    await world.turn()
    await world.turnsFor(limits.burstMs + limits.waitMs)
    expect(world.answers.get('e')).toBe('server.overloaded')
  })

  it('begins when the queue has not passed for long enough, and not before', async () => {
    world = new World({ perTurn: 0 })
    world.ask('first')
    // Somebody waits for long from half of what is too long on.
    const calm = limits.waitMs / 2 - 2
    await world.turnsFor(calm + 10)
    world.ask('second')
    await world.turnsFor(limits.burstMs - 12)
    expect(world.answers.get('second')).toBeUndefined()
    await world.turn(2)
    expect(world.answers.get('second')).toBe('server.overloaded')
  })

  it('begins though others come all the time', async () => {
    for (const id of ['a', 'b', 'c', 'd', 'e']) world.ask(id)
    for (let at = 0; at < limits.burstMs + limits.waitMs; at += 2) {
      world.ask(`more ${at}`)
      await world.turn(2)
    }
    for (const id of ['f', 'g', 'h']) world.ask(id)
    world.ask('beside')
    await world.settle()
    expect(world.answers.get('beside')).toBe('server.overloaded')
  })

  it('counts of a late turn what a turn may take', async () => {
    world = new World({ perTurn: 0 })
    world.ask('first')
    await world.turn(20 * limits.burstMs)
    await world.turnsFor(limits.burstMs - limits.waitMs - 2)
    expect(world.answers.get('first')).toBeUndefined()
    await world.turn(2)
    expect(world.answers.get('first')).toBe('server.overloaded')
  })

  it('takes no turn for late that comes at the last moment of what it may take', async () => {
    for (const id of ['a', 'b', 'c', 'd', 'e']) world.ask(id)
    await world.turn(limits.waitMs)
    await world.turn(20 * limits.burstMs)
    expect(world.answers.size).toBe(0)
  })
})
