import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { ConnectionPlaces } from '../../src/server/connection-places.js'

describe('ConnectionPlaces', () => {
  it('has as many connections as there may be, and displaces none of them', () => {
    const places = new ConnectionPlaces<number>(3)
    expect([1, 2, 3].map((connection) => places.enter('a', connection))).toEqual(
      Array(3).fill(undefined),
    )
    places.leave('a', 2)
    expect(places.enter('b', 4)).toBeUndefined()
    expect(places.enter('b', 5)).toEqual({ client: 'a', had: 2, connection: 1 })
  })

  it('does not count twice what leaves twice, or was displaced', () => {
    const places = new ConnectionPlaces<number>(2)
    for (const connection of [1, 2]) places.enter('a', connection)
    expect(places.enter('a', 3)).toEqual({ client: 'a', had: 3, connection: 1 })
    places.leave('a', 1)
    places.leave('nobody', 2)
    expect(places.enter('b', 4)).toEqual({ client: 'a', had: 2, connection: 2 })
    places.leave('a', 3)
    places.leave('a', 3)
    expect(places.enter('b', 5)).toBeUndefined()
    expect(places.enter('c', 6)).toEqual({ client: 'b', had: 2, connection: 4 })
  })

  it('where there are too many, the oldest of whoever has most goes, and nothing else (attack 380)', () => {
    const step = fc.record({
      client: fc.constantFrom('a', 'b', 'c', 'd'),
      leaves: fc.option(fc.nat(20)),
    })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step), (most, steps) => {
        const places = new ConnectionPlaces<number>(most)
        // The oldest first.
        let open: { readonly client: string; readonly connection: number }[] = []
        steps.forEach(({ client, leaves }, connection) => {
          const leaving = leaves === null ? undefined : open[leaves]
          if (leaving) {
            places.leave(leaving.client, leaving.connection)
            open = open.filter((one) => one !== leaving)
          }
          open.push({ client, connection })
          const gone = places.enter(client, connection)
          expect(gone !== undefined).toBe(open.length > most)
          if (!gone) return
          const of = (who: string) => open.filter((one) => one.client === who)
          expect(gone.had).toBe(Math.max(...open.map((one) => of(one.client).length)))
          expect(of(gone.client)).toHaveLength(gone.had)
          expect(of(gone.client)[0]?.connection).toBe(gone.connection)
          open = open.filter((one) => one.connection !== gone.connection)
        })
      }),
    )
  })
})
