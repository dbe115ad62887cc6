import { describe, expect, it } from '@jest/globals'
import {
  lookOf,
  mayLookLike,
  neighbourhood,
  resembles,
  spellings,
} from '../../../src/namespace/alike/resembles.js'
import { Targets } from '../../../src/namespace/alike/targets.js'

const targetsOf = (...names: readonly string[]): Targets => {
  const targets = new Targets()
  for (const name of names) targets.add(name)
  return targets
}

describe('what a name is compared by', () => {
  it.each([
    ['wallet', 'wallet', 'wallet'],
    ['vvallet', 'wallet', 'vvallet'],
    ['corn1', 'coml', 'corn'],
    ['shard-01', 'shard-ol', 'shard-'],
    ['team-b', 'team-b', 'team-'],
    ['team-b12', 'team-bl2', 'team-'],
    ['us-east-12a', 'us-east-l2a', 'us-east-'],
    ['eu12-web3', 'eul2-web3', 'eu-web'],
    ['api-ab2', 'apl-ab2', 'api-ab'],
  ])('%s looks like %s, and is %s without what counts', (text, skeleton, uncounted) => {
    expect(lookOf(text)).toEqual({ text, skeleton, uncounted })
  })

  it.each([
    ['cow', 'covv'],
    ['tall', 'ta1l'],
    ['go', 'g0'],
    ['am', 'arn'],
    ['it', 'lt'],
  ])('%s and %s look the same, however short', (a, b) => {
    expect(resembles(lookOf(a), lookOf(b))).toBe(true)
  })

  it('has every letter that one of its own may be spelled with, and no other', () => {
    const letters = (text: string) => [...new Set(spellings(lookOf(text)))].sort().join('')
    expect(letters('two')).toBe('0otvw')
    expect(letters('arm')).toBe('amnr')
    expect(letters('bell')).toBe('1beil')
    expect(letters('cat')).toBe('act')
  })

  it('has each name that is a letter shorter beside it, once', () => {
    expect([...neighbourhood(lookOf('aab'))]).toEqual(['aab', 'ab', 'aa'])
    expect([...neighbourhood(lookOf('abba'))]).toEqual(['abba', 'bba', 'aba', 'abb'])
    expect([...neighbourhood(lookOf('z'))]).toEqual(['z', ''])
  })
})

describe('the beginning of a name', () => {
  it.each(['pay', 'pxym', 'pxay', 'pyments', 'pyame', 'paymentsx', 'apay', 'payrnent', 'payv'])(
    '%s may be of one like payments',
    (beginning) => expect(mayLookLike(beginning, lookOf('payments'))).toBe(true),
  )

  it.each(['pxx', 'pyx', 'pxam', 'paxxm', 'yap', 'payz0', 'paymentsxy'])(
    '%s is of no such name',
    (beginning) => expect(mayLookLike(beginning, lookOf('payments'))).toBe(false),
  )
})

describe('where the next name is that resembles one of some', () => {
  const few = ['payments', 'a', 'b', 'c', 'd', 'e', 'f', 'g']

  it('is right after one that may be like it', () => {
    const targets = targetsOf('payments')
    expect(targets.nextAfter('paymemts')).toBeUndefined()
    expect(targets.nextAfter('pay')).toBeUndefined()
  })

  it('is past all that begin so otherwise', () => {
    const targets = targetsOf('payments')
    expect(targets.nextAfter('pxx')).toBe('pxy')
    expect(targets.nextAfter('pxx-more')).toBe('pxy')
    expect(targets.nextAfter('pxz')).toBe('px~')
    // What is below a name that is passed over is passed over, too, and not what is below its stem.
    expect(targets.nextAfter('px-x')).toBe('px-~')
  })

  it('is looked for by so many names, and for more every name is read', () => {
    expect(targetsOf(...few).nextAfter('pxx')).toBeDefined()
    expect(targetsOf(...few, 'h').nextAfter('pxx')).toBeUndefined()
  })
})

describe('the steps of comparing', () => {
  it('are one for a name, and one more for every sixteen letters', () => {
    const steps = [1, 15, 16, 31, 32, 63].map((count) => new Targets().add('a'.repeat(count)))
    expect(steps).toEqual([1, 1, 2, 2, 3, 4])
  })

  it('are one for every sixty-four that it is compared with', () => {
    const letters = Array.from('abdfgjlmpqsxyz')
    const names = Array.from('checkout', (_, at) =>
      letters.map((one) => `${'checkout'.slice(0, at)}${one}${'checkout'.slice(at)}`),
    ).flat()
    expect(new Set(names).size).toBe(112)
    expect(targetsOf(...names.slice(0, 63)).like('checkout').steps).toBe(0)
    expect(targetsOf(...names.slice(0, 64)).like('checkout').steps).toBe(1)
    const all = targetsOf(...names).like('checkout')
    expect([all.steps, all.found.size]).toEqual([1, 112])
  })
})
