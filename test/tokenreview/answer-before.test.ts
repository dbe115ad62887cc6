import { getEventListeners } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import { answerBefore } from '../../src/tokenreview/answer-before.js'

const never = new Promise<never>(() => undefined)
const late = (): Error => new RangeError('late')

describe('answerBefore', () => {
  it.each([
    { when: 'the signal has aborted before', abort: 'before' },
    { when: 'the signal aborts later', abort: 'after' },
  ])('rejects when $when', async ({ abort }) => {
    const controller = new AbortController()
    if (abort === 'before') controller.abort()
    const answer = answerBefore(controller.signal, never, late)
    if (abort === 'after') controller.abort()
    await expect(answer).rejects.toThrow(RangeError)
  })

  it.each([
    { what: 'an answer', answer: () => Promise.resolve('yes') },
    { what: 'an error', answer: () => Promise.reject(new TypeError('no')) },
  ])('passes on $what, and leaves nothing with the signal', async ({ answer }) => {
    const { signal } = new AbortController()
    const found = answerBefore<unknown>(signal, answer(), late)
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    expect(await Promise.allSettled([found])).toEqual(await Promise.allSettled([answer()]))
    await new Promise((resolve) => setImmediate(resolve))
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})
