import { afterAll, describe, expect, it } from '@jest/globals'
import { minus, seconds } from '../../../src/core/time.js'
import { rateLimiterWith } from '../../../src/server/http/rate-limit.js'
import { FakeClock, T0 } from '../../support/fake-clock.js'
import { fakeOperations } from '../../support/fake-operations.js'
import { ask, closeAll, people, serve, type Served, type Told } from './harness.js'

afterAll(closeAll)

const limits = { perSecond: 2, burst: 3, remembered: 2 }

describe('rateLimiterWith', () => {
  const take = (turn: (address: string) => number | undefined, address: string, times: number) =>
    Array.from({ length: times }, () => turn(address))

  it('grants a burst, then as much as time brings', () => {
    const clock = new FakeClock()
    const turn = rateLimiterWith(clock, limits)
    expect(take(turn, 'a', 4)).toEqual([undefined, undefined, undefined, 1])
    clock.advance(seconds(1))
    expect(take(turn, 'a', 3)).toEqual([undefined, undefined, 1])
    clock.advance(seconds(3600))
    expect(take(turn, 'a', 4)).toEqual([undefined, undefined, undefined, 1])
  })

  it('says how long to wait where the rate is below one a second', () => {
    const turn = rateLimiterWith(new FakeClock(), { ...limits, perSecond: 0.1, burst: 1 })
    expect(take(turn, 'a', 2)).toEqual([undefined, 10])
  })

  it('keeps addresses apart', () => {
    const turn = rateLimiterWith(new FakeClock(), limits)
    take(turn, 'a', 4)
    expect(turn('b')).toBeUndefined()
  })

  it('takes a clock that is set back for one that stands still', () => {
    const clock = new FakeClock()
    const turn = rateLimiterWith(clock, limits)
    take(turn, 'a', 3)
    clock.set(minus(T0, seconds(60)))
    expect(turn('a')).toBe(1)
  })

  it('remembers no more addresses than it may, and forgets the longest unheard of', () => {
    const turn = rateLimiterWith(new FakeClock(), limits)
    take(turn, 'a', 3)
    take(turn, 'b', 3)
    expect(turn('a')).toBe(1)
    turn('c')
    expect(turn('a')).toBe(1)
    expect(turn('b')).toBeUndefined()
  })
})

describe('the API over TLS', () => {
  const challenge = (served: Served): Promise<Told> =>
    ask(served, { method: 'POST', path: '/v1/challenges' })

  it('throttles an address that asks too much, and says when to come back', async () => {
    const clock = new FakeClock()
    const served = await serve('tls', { clock, rate: limits })
    for (let count = 0; count < 3; count += 1) {
      expect((await challenge(served)).status).toBe(201)
    }
    const told = await challenge(served)
    expect(told).toMatchObject({ status: 429, json: { code: 'request.throttled' } })
    expect(told.headers['retry-after']).toBe('1')
    clock.advance(seconds(1))
    expect((await challenge(served)).status).toBe(201)
  })

  it('checks no certificate for a throttled address', async () => {
    let checked = 0
    const holderOf: ReturnType<typeof fakeOperations>['holderOf'] = (certificate, capability) => {
      checked += 1
      return fakeOperations().holderOf(certificate, capability)
    }
    const served = await serve('tls', { operations: { holderOf }, rate: { burst: 1 } })
    const read = { path: '/v1/status', as: people.reader }
    expect((await ask(served, read)).status).toBe(200)
    expect((await ask(served, read)).status).toBe(429)
    expect(checked).toBe(1)
  })

  it.each(['/live', '/ready', '/metrics', '/v1/bundle', '/v1/openapi.json'])(
    'never throttles %s',
    async (path) => {
      const served = await serve('tls', { rate: { burst: 0 } })
      expect((await ask(served, { path })).status).toBe(200)
    },
  )

  it('never throttles the local socket', async () => {
    const served = await serve('unix', { rate: { burst: 0 } })
    expect((await challenge(served)).status).toBe(201)
  })

  it('works on no more requests at once than it may, and still answers probes', async () => {
    let release = (): void => undefined
    const gate = new Promise<void>((resolve) => (release = resolve))
    let begun = (): void => undefined
    const beginning = new Promise<void>((resolve) => (begun = resolve))
    const served = await serve('tls', {
      dispatch: { inFlight: 1 },
      operations: {
        createChallenge: async (context) => {
          begun()
          await gate
          return fakeOperations().createChallenge(context)
        },
      },
    })
    const first = challenge(served)
    await beginning
    const told = await challenge(served)
    expect(told).toMatchObject({ status: 429, json: { code: 'server.overloaded' } })
    expect((await ask(served, { path: '/ready' })).status).toBe(200)
    // Strangers, who may be slow for as long as they like, are not in the way of entries.
    const body = {
      envelopes: [{ payload: 'e30=', payloadType: 'a/b', signatures: [{ sig: 'AA==' }] }],
    }
    const statement = { method: 'POST', path: '/v1/statements', body, as: people.submitter }
    expect((await ask(served, statement)).json?.['code']).not.toBe('server.overloaded')
    release()
    expect((await first).status).toBe(201)
    expect((await challenge(served)).status).toBe(201)
  })
})
