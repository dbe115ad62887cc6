import { describe, expect, it } from '@jest/globals'
import {
  brakedAbove,
  ceiling,
  effectiveEnvelope,
  suspendedAbove,
} from '../../src/namespace/effective-envelope.js'
import type { IndexState } from '../../src/namespace/state.js'
import { alias } from './given-index.js'
import { givenState, NOW, scope, second } from './permit/given-calls.js'

const given = (...scopes: Parameters<typeof givenState>[1] & object): IndexState =>
  givenState([], scopes) as IndexState
const brake = { until: second(1060) }
const suspended = { state: 'suspended' } as const
const below = alias('web/eu/shop')

describe('what stops everything below a scope', () => {
  it('is the uppermost that is suspended, and nothing beside the path or at its end', () => {
    const both = given(scope('web', suspended), scope('web/eu', suspended))
    expect(suspendedAbove(both, below)?.alias).toBe('web')
    expect(suspendedAbove(both, alias('web'))).toBeUndefined()
    expect(suspendedAbove(given(scope('pay', suspended)), below)).toBeUndefined()
  })

  it('is the uppermost that is braked, until the brake is over', () => {
    const both = given(scope('web', { brake }), scope('web/eu', { brake }))
    expect(brakedAbove(both, below, NOW)?.alias).toBe('web')
    expect(brakedAbove(both, below, brake.until)).toBeUndefined()
    expect(brakedAbove(both, alias('web'), NOW)).toBeUndefined()
    expect(brakedAbove(given(scope('web/eu', { brake })), below, NOW)?.alias).toBe('web/eu')
    expect(brakedAbove(given(scope('pay', { brake })), below, NOW)).toBeUndefined()
    expect(brakedAbove(given(scope('', { brake })), below, NOW)?.alias).toBe('')
  })
})

describe('a ceiling', () => {
  const minute = [{ id: 'minute', effect: 'maxTtl', maxTtl: 60 }] as const

  it('of what is in no scope but the root, and of the root itself, is the envelope of the root', () => {
    const state = given(scope('', { envelope: { maxTtl: 90 } }))
    expect(ceiling(state, alias('shop'))).toEqual({ maxTtl: 90 })
    expect(ceiling(state, alias(''))).toEqual({ maxTtl: 90 })
    expect(effectiveEnvelope(state, state.root)).toEqual({ maxTtl: 90 })
  })

  it('is cut by guards of lifetimes, the shortest of them, where it allows any', () => {
    const of = (maxTtl: object, ...more: readonly number[]) => {
      const guards = [
        ...minute,
        ...more.map((ttl) => ({ ...minute[0], id: `g${ttl}`, maxTtl: ttl })),
      ]
      return ceiling(given(scope('', { envelope: maxTtl, guards })), alias('shop'))
    }
    expect(of({ maxTtl: 90 })).toStrictEqual({ maxTtl: 60 })
    expect(of({ maxTtl: 90 }, 70, 50)).toStrictEqual({ maxTtl: 50 })
    expect(of({ maxTtl: 30 })).toStrictEqual({ maxTtl: 30 })
    expect(of({})).toStrictEqual({})
  })

  it('is cut by no other guard', () => {
    const guards = [{ id: 'g', effect: 'forbid' }] as const
    const state = given(scope('', { envelope: { maxTtl: 90 }, guards }))
    expect(ceiling(state, alias('shop'))).toStrictEqual({ maxTtl: 90 })
  })

  it('holds for the scope that sets the guard, too', () => {
    const web = scope('web', { envelope: { maxTtl: 90 }, guards: minute })
    expect(effectiveEnvelope(given(web), web)).toStrictEqual({ maxTtl: 60 })
  })
})
