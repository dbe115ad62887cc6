import { describe, expect, it } from '@jest/globals'
import {
  type Guard,
  hindersBrake,
  isTighterGuard,
  normalizeGuard,
  wellFormedGuard,
} from '../../../src/namespace/guard/guard.js'
import { alias, codeOf } from '../given-index.js'

const forbid = (more: object = {}): Guard => ({ id: 'g', effect: 'forbid', ...more })
const people = (least: object): Guard => ({ id: 'g', effect: 'minControllers', least })
const weight = (least: object): Guard => ({ id: 'g', effect: 'minThreshold', least })
const life = (maxTtl: number): Guard => ({ id: 'g', effect: 'maxTtl', maxTtl })
const routed: Guard = { id: 'g', effect: 'requireRoutes' }

describe('the order of guards', () => {
  it.each<readonly [Guard, Guard]>([
    [forbid(), forbid()],
    [forbid(), forbid({ callers: ['web'], callees: ['pay'], ports: [[1, 2]] })],
    [forbid({ callers: ['pay', 'web'] }), forbid({ callers: ['web/eu'] })],
    [forbid({ callees: ['pay', 'web'] }), forbid({ callees: ['web'] })],
    [forbid({ ports: [[1, 9]] }), forbid({ ports: [[2, 3]] })],
    [people({ routine: 2, sensitive: 2 }), people({ sensitive: 2 })],
    [weight({ sensitive: 3 }), weight({ sensitive: 2 })],
    [life(60), life(60)],
    [life(59), life(60)],
    [routed, routed],
  ])('%j takes away all that %j does', (after, before) => {
    expect(isTighterGuard(after, before)).toBe(true)
  })

  it.each<readonly [Guard, Guard]>([
    [forbid({ callers: ['web'] }), forbid()],
    [forbid({ callers: ['web'] }), forbid({ callers: ['web', 'pay'] })],
    [forbid({ callees: ['web'] }), forbid({ callees: ['webb'] })],
    [forbid({ ports: [[1, 9]] }), forbid()],
    [forbid({ ports: [[1, 9]] }), forbid({ ports: [[2, 10]] })],
    [people({ sensitive: 1 }), people({ sensitive: 2 })],
    [people({ routine: 9 }), people({ sensitive: 1 })],
    [people({ sensitive: 2 }), weight({ sensitive: 2 })],
    [weight({ sensitive: 2 }), people({ sensitive: 2 })],
    [life(61), life(60)],
    ...[forbid(), people({ routine: 1 }), life(60), routed].flatMap((after, index, all) =>
      all.filter((_, other) => other !== index).map((before) => [after, before] as const),
    ),
  ])('%j does not take away all that %j does', (after, before) => {
    expect(isTighterGuard(after, before)).toBe(false)
  })
})

describe('a guard that hinders a brake', () => {
  it.each<readonly [Guard, Guard | undefined]>([
    [weight({ narrowing: 1 }), undefined],
    [people({ emergency: 1 }), undefined],
    [weight({ narrowing: 3 }), weight({ narrowing: 2 })],
    [people({ narrowing: 1 }), forbid()],
    [people({ narrowing: 1, emergency: 2 }), people({ narrowing: 1, emergency: 1 })],
  ])('is %j after %j', (after, before) => {
    expect(hindersBrake(after, before)).toBe(true)
  })

  it.each<readonly [Guard, Guard | undefined]>([
    [forbid(), undefined],
    [life(1), undefined],
    [weight({ sensitive: 9, structural: 9, routine: 9 }), undefined],
    [weight({ narrowing: 2 }), weight({ narrowing: 2 })],
    [people({ narrowing: 1 }), people({ narrowing: 2 })],
  ])('is not %j after %j', (after, before) => {
    expect(hindersBrake(after, before)).toBe(false)
  })
})

describe('the form of a guard', () => {
  it.each(['callers', 'callees'])('has regions that are aliases, or the root: %s', (field) => {
    const code = (regions: readonly string[]) =>
      codeOf(wellFormedGuard(forbid({ [field]: regions })))
    expect(code(['', 'web/eu'])).toBe('ok')
    expect(code(['web', 'Web'])).toBe('namespace.bad-alias')
    expect(code(['web/'])).toBe('namespace.bad-alias')
    expect(code(['ns/web'])).toBe('namespace.bad-alias')
  })

  it('has ranges that hold a port', () => {
    expect(codeOf(wellFormedGuard(forbid({ ports: [[1, 1]] })))).toBe('ok')
    expect(
      codeOf(
        wellFormedGuard(
          forbid({
            ports: [
              [1, 1],
              [3, 2],
            ],
          }),
        ),
      ),
    ).toBe('namespace.malformed')
  })

  it('is sorted and without repetitions where it forbids, and as it was otherwise', () => {
    const regions = ['web/eu', 'pay', 'web'].map(alias)
    const ports = [
      [5, 6],
      [1, 4],
    ]
    expect(normalizeGuard(forbid({ callers: regions, callees: regions, ports }))).toStrictEqual(
      forbid({ callers: ['pay', 'web'], callees: ['pay', 'web'], ports: [[1, 6]] }),
    )
    for (const guard of [
      forbid(),
      people({ routine: 1 }),
      weight({ routine: 1 }),
      life(9),
      routed,
    ]) {
      expect(normalizeGuard(guard)).toStrictEqual(guard)
      expect(codeOf(wellFormedGuard(guard))).toBe('ok')
    }
  })
})
