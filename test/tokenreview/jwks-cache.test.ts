import { beforeEach, describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import { hours, minus, minutes, seconds } from '../../src/core/time.js'
import type { TokenKey } from '../../src/tokenreview/jwks.js'
import { defaultJwksPolicy as policy, JwksCache } from '../../src/tokenreview/jwks-cache.js'
import { FakeClock } from '../support/fake-clock.js'
import { TokenSigner } from '../support/service-account-token.js'
import { FakeJwksSource, FakeTimers, settle } from '../support/token-review-world.js'

const old = new TokenSigner('ES256', 'old').jwk
const next = new TokenSigner('ES256', 'next').jwk
const down = (): Promise<never> => Promise.reject(new DependencyError('kubernetes prod', 'down'))

let clock: FakeClock
let timers: FakeTimers
let source: FakeJwksSource
let cache: JwksCache

beforeEach(() => {
  clock = new FakeClock()
  timers = new FakeTimers()
  source = new FakeJwksSource(old)
  cache = new JwksCache({ name: 'kubernetes prod', source, clock, timers, policy })
})

describe('JwksCache', () => {
  it('reads the set once for all who come before it is old', async () => {
    await Promise.all([cache.find('old'), cache.find('old'), cache.find('old')])
    clock.advance(minutes(59))
    expect(await cache.find('old')).toMatchObject({ algorithm: 'ES256' })
    expect(source.read).toBe(1)
  })

  it('reads it again after an hour, and forgets a key that is gone', async () => {
    await cache.find('old')
    source.publish(next)
    clock.advance(hours(1))
    expect(await cache.find('old')).toBeUndefined()
    expect(await cache.find('next')).toBeDefined()
    expect(source.read).toBe(2)
  })

  it('reads it again when the clock was set back, also after a failure', async () => {
    await cache.find('old')
    clock.set(minus(clock.now(), hours(24)))
    source.publish(next)
    expect(await cache.find('old')).toBeUndefined()

    source.answer = down
    clock.advance(hours(13))
    await expect(cache.find('next')).rejects.toThrow(DependencyError)
    clock.set(minus(clock.now(), hours(24)))
    source.publish(next)
    expect(await cache.find('next')).toBeDefined()
  })

  it('does not read it again for a step back of a minute, which clocks take that are kept right', async () => {
    await cache.find('old')
    clock.set(minus(clock.now(), minutes(1)))
    await cache.find('old')
    expect(source.read).toBe(1)
    clock.set(minus(clock.now(), seconds(1)))
    await cache.find('old')
    expect(source.read).toBe(2)
  })

  it('reads it again for an unknown key, and finds one that was rolled over', async () => {
    await cache.find('old')
    source.publish(old, next)
    clock.advance(seconds(30))
    expect(await cache.find('next')).toBeDefined()
    expect(source.read).toBe(2)
  })

  it('reads it at most once in 30 seconds, however many unknown keys are named', async () => {
    await cache.find('old')
    for (let second = 0; second < 29; second += 1) {
      clock.advance(seconds(1))
      expect(await cache.find(`forged ${second}`)).toBeUndefined()
    }
    expect(source.read).toBe(1)
    clock.advance(seconds(1))
    expect(await cache.find('forged')).toBeUndefined()
    expect(source.read).toBe(2)
  })

  it('forgets a removed key as soon as an unknown one has the set read again', async () => {
    await cache.find('old')
    source.publish(next)
    clock.advance(seconds(30))
    await cache.find('next')
    expect(await cache.find('old')).toBeUndefined()
  })

  it('serves keys up to 12 hours old while the set cannot be read, and then none', async () => {
    await cache.find('old')
    source.answer = down
    clock.advance(seconds(hours(12) - 1))
    expect(await cache.find('old')).toBeDefined()
    clock.advance(seconds(1))
    await expect(cache.find('old')).rejects.toThrow(DependencyError)
  })

  it('does not call a key unknown while the set cannot be read', async () => {
    await cache.find('old')
    source.answer = down
    clock.advance(seconds(30))
    await expect(cache.find('next')).rejects.toThrow(DependencyError)
    await expect(cache.find('next')).rejects.toThrow(DependencyError)
  })

  it('tries again 5 seconds after a failure, not sooner, and recovers', async () => {
    source.answer = down
    await expect(cache.find('old')).rejects.toThrow(DependencyError)
    source.publish(old)
    clock.advance(seconds(4))
    await expect(cache.find('old')).rejects.toThrow(DependencyError)
    expect(source.read).toBe(1)
    clock.advance(seconds(1))
    expect(await cache.find('old')).toBeDefined()
  })

  it('keeps the keys it has when the new set is refused', async () => {
    await cache.find('old')
    source.publish(next, next)
    clock.advance(hours(1))
    expect(await cache.find('old')).toBeDefined()
    await expect(cache.find('next')).rejects.toThrow(DependencyError)
  })

  it('accepts an emptied set: then no token is good', async () => {
    await cache.find('old')
    source.publish()
    clock.advance(hours(1))
    expect(await cache.find('old')).toBeUndefined()
  })

  it('gives up on a source that never answers', async () => {
    source.answer = () => new Promise(() => undefined)
    const found = expect(cache.find('old')).rejects.toThrow(DependencyError)
    await settle()
    timers.pass(policy.fetchMs)
    await found
  })

  it('does not take a bug for a broken dependency', async () => {
    source.answer = () => Promise.reject(new TypeError('bug'))
    await expect(cache.find('old')).rejects.toThrow(TypeError)
  })

  describe('where the source hangs', () => {
    /** As many as may wait do, and whoever is beside them is asked for. */
    async function crowded(name: string): Promise<TokenKey | undefined> {
      source.answer = () => new Promise(() => undefined)
      const waiting = Array.from({ length: policy.waiting }, () => cache.find('invented'))
      waiting.forEach((one) => void one.catch(() => undefined))
      await settle()
      const beside = cache.find(name)
      beside.catch(() => undefined)
      await settle()
      const hangs = settle().then(() => {
        throw new Error('it waits')
      })
      return Promise.race([beside, hangs])
    }

    it('attack 343: answers at once who comes beside those who wait, with a key that it has or none', async () => {
      await cache.find('old')
      clock.advance(minutes(1))
      await expect(crowded('other')).rejects.toThrow(DependencyError)
      expect(await cache.find('old')).toBeDefined()
    })

    it('takes a key that it has beside them, though it is to be read again, and not for ever', async () => {
      await cache.find('old')
      clock.advance(hours(1))
      expect(await crowded('old')).toBeDefined()
      clock.advance(hours(11))
      await expect(cache.find('old')).rejects.toThrow(DependencyError)
    })

    it('lets others wait once those are answered', async () => {
      await expect(crowded('old')).rejects.toThrow(DependencyError)
      timers.pass(policy.fetchMs)
      await settle()
      clock.advance(policy.floorAfterFailure)
      source.publish(old)
      expect(await cache.find('old')).toBeDefined()
    })
  })
})
