import { beforeEach, describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import type { TokenReviewStatus } from '../../src/tokenreview/ports.js'
import { ReviewQueue } from '../../src/tokenreview/review-queue.js'
import { FakeTimers, FakeTokenReviewApi, settle } from '../support/token-review-world.js'

const limits = { concurrency: 2, queue: 3, totalMs: 5000, tryMs: 2000, retries: 2, pauseMs: 200 }
const yes: TokenReviewStatus = { authenticated: true }
const never = new AbortController().signal
const down = new DependencyError('kubernetes prod', 'down')

let timers: FakeTimers
beforeEach(() => {
  timers = new FakeTimers()
})

function queueOver(api: FakeTokenReviewApi): ReviewQueue {
  return new ReviewQueue({ name: 'kubernetes prod', api, audience: 'ca', timers, limits })
}

/** An API whose answers a test gives by hand. */
function byHand() {
  const answers: ((status: TokenReviewStatus) => void)[] = []
  const api = new FakeTokenReviewApi(() => new Promise((resolve) => answers.push(resolve)))
  return { api, answer: () => answers.shift()?.(yes) }
}

describe('ReviewQueue', () => {
  it('sends the exact token and one audience', async () => {
    const api = FakeTokenReviewApi.saying(yes)
    expect(await queueOver(api).review('token', never)).toEqual({ ok: true, value: yes })
    expect(api.asked).toEqual([{ token: 'token', audience: 'ca' }])
  })

  it('lets equal tokens under review share one, and keeps no answer', async () => {
    const { api, answer } = byHand()
    const queue = queueOver(api)
    const first = [queue.review('same', never), queue.review('same', never)]
    await settle()
    expect(api.asked).toHaveLength(1)
    answer()
    await Promise.all(first)

    const second = queue.review('same', never)
    await settle()
    expect(api.asked).toHaveLength(2)
    answer()
    await second
  })

  it('asks about different tokens apart', async () => {
    const api = FakeTokenReviewApi.saying(yes)
    const queue = queueOver(api)
    await Promise.all([queue.review('a', never), queue.review('b', never)])
    expect(api.asked).toHaveLength(2)
  })

  it('asks no more at a time than it may, and in the order of arrival', async () => {
    const { api, answer } = byHand()
    const queue = queueOver(api)
    const all = ['a', 'b', 'c', 'd'].map((token) => queue.review(token, never))
    await settle()
    expect(api.asked.map(({ token }) => token)).toEqual(['a', 'b'])
    answer()
    await settle()
    expect(api.asked.map(({ token }) => token)).toEqual(['a', 'b', 'c'])
    for (let left = 0; left < 3; left += 1) {
      answer()
      await settle()
    }
    expect(await Promise.all(all)).toHaveLength(4)
  })

  it('refuses the one that finds the queue full, and serves again once there is room', async () => {
    const { api, answer } = byHand()
    const queue = queueOver(api)
    const all = ['a', 'b', 'c', 'd', 'e'].map((token) => queue.review(token, never))
    expect(await queue.review('f', never)).toMatchObject({ refusal: { code: 'server.overloaded' } })
    for (let left = 0; left < 5; left += 1) {
      answer()
      await settle()
    }
    await Promise.all(all)
    const later = queue.review('f', never)
    await settle()
    answer()
    expect(await later).toEqual({ ok: true, value: yes })
  })

  it('attack 321: counts who shares a review among those who wait', async () => {
    const { api, answer } = byHand()
    const queue = queueOver(api)
    const most = limits.concurrency + limits.queue
    const all = Array.from({ length: most }, () => queue.review('same', never))
    const oneMore = queue.review('same', never)
    answer()
    await Promise.all(all)
    expect(await oneMore).toMatchObject({ refusal: { code: 'server.overloaded' } })
    const next = queue.review('same', never)
    await settle()
    answer()
    expect(await next).toEqual({ ok: true, value: yes })
  })

  it('counts nobody who has given up', async () => {
    const { api } = byHand()
    const queue = queueOver(api)
    const leaving = new AbortController()
    const most = limits.concurrency + limits.queue
    const all = Array.from({ length: most }, () => queue.review('same', leaving.signal))
    const left = Promise.allSettled(all)
    leaving.abort()
    await left
    void queue.review('same', never)
    await settle()
    expect(api.asked).toHaveLength(1)
    await expect(Promise.race([queue.review('same', never), settle()])).resolves.toBeUndefined()
  })

  it('keeps the places of those whose callers gave up, until the API server has answered', async () => {
    const { api, answer } = byHand()
    const queue = queueOver(api)
    const leaving = new AbortController()
    const all = ['a', 'b', 'c', 'd', 'e'].map((token) => queue.review(token, leaving.signal))
    const left = Promise.allSettled(all)
    leaving.abort()
    await left
    const beside = queue.review('f', never)
    await settle()
    expect(await Promise.race([beside, settle()])).toMatchObject({
      refusal: { code: 'server.overloaded' },
    })
    answer()
    await settle()
    const next = queue.review('f', never)
    for (let more = 0; more < 5; more += 1) {
      await settle()
      answer()
    }
    expect(await next).toEqual({ ok: true, value: yes })
  })

  it('asks again after a failure, with longer and longer pauses', async () => {
    const api = new FakeTokenReviewApi((call) =>
      call < 3 ? Promise.reject(down) : Promise.resolve(yes),
    )
    expect(await queueOver(api).review('token', never)).toEqual({ ok: true, value: yes })
    expect(timers.pauses).toEqual([200, 400])
  })

  it('gives up after two retries, with what went wrong last', async () => {
    const api = new FakeTokenReviewApi(() => Promise.reject(down))
    await expect(queueOver(api).review('token', never)).rejects.toBe(down)
    expect(api.asked).toHaveLength(3)
  })

  it('does not ask again after a bug', async () => {
    const api = new FakeTokenReviewApi(() => Promise.reject(new TypeError('bug')))
    await expect(queueOver(api).review('token', never)).rejects.toThrow(TypeError)
    expect(api.asked).toHaveLength(1)
  })

  it('makes another try when one hangs', async () => {
    const api = new FakeTokenReviewApi((call) =>
      call === 1 ? new Promise(() => undefined) : Promise.resolve(yes),
    )
    const review = queueOver(api).review('token', never)
    await settle()
    timers.pass(limits.tryMs)
    expect(await review).toEqual({ ok: true, value: yes })
  })

  it('ends when the time for all tries is over, and frees its place', async () => {
    const api = new FakeTokenReviewApi(() => new Promise(() => undefined))
    const queue = queueOver(api)
    const reviews = ['a', 'b', 'c'].map((token) => queue.review(token, never))
    const outcomes = Promise.allSettled(reviews)
    await settle()
    timers.pass(limits.totalMs)
    expect((await outcomes).map((outcome) => outcome.status)).toEqual(Array(3).fill('rejected'))
    // `c` never had a place: it must not have left one behind, nor taken one.
    expect(api.asked).toHaveLength(2)
    const after = ['d', 'e', 'f'].map((token) => queue.review(token, never))
    void Promise.allSettled(after)
    await settle()
    expect(api.asked).toHaveLength(4)
  })

  it('takes nobody else out of the line when the time of one who has left it is over', async () => {
    const { api, answer } = byHand()
    const queue = queueOver(api)
    const all = ['a', 'b', 'c'].map((token) => queue.review(token, never))
    await settle()
    answer()
    await settle()
    // `c` has its turn; `d` stands in line when the time of the first three is over.
    const early = [...timers.deadlines]
    const last = queue.review('d', never)
    for (const { ms, controller } of early) if (ms === limits.totalMs) controller.abort()
    await Promise.allSettled(all)
    await settle()
    expect(api.asked.map(({ token }) => token)).toEqual(['a', 'b', 'c', 'd'])
    for (let left = 0; left < 3; left += 1) answer()
    expect(await last).toEqual({ ok: true, value: yes })
  })

  it('lets one caller give up without taking the answer from another', async () => {
    const { api, answer } = byHand()
    const queue = queueOver(api)
    const impatient = new AbortController()
    const left = expect(queue.review('same', impatient.signal)).rejects.toThrow(DependencyError)
    const stays = queue.review('same', never)
    impatient.abort()
    await left
    answer()
    expect(await stays).toEqual({ ok: true, value: yes })
  })

  it('keeps no token in its keys or its errors', async () => {
    const api = new FakeTokenReviewApi(() => new Promise(() => undefined))
    const queue = queueOver(api)
    const review = queue.review('the-secret', never).catch((error: unknown) => error)
    await settle()
    timers.pass(limits.totalMs)
    expect(String(await review)).not.toContain('the-secret')
  })
})
