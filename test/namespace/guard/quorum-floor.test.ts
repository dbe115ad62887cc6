import { describe, expect, it } from '@jest/globals'
import type { Refusal } from '../../../src/core/refusal.js'
import type { ChangeClass, Group } from '../../../src/namespace/group.js'
import type { Guard } from '../../../src/namespace/guard/guard.js'
import { reachesGuards } from '../../../src/namespace/guard/quorum-floor.js'
import { alias } from '../given-index.js'
import { givenState, scope } from '../permit/given-calls.js'

const voter = (id: string, controller: string, weight: number) =>
  ({ id, controller, weight, status: 'active' }) as Group['voters'][number]
const group = {
  voters: [voter('a', 'ann', 2), voter('a2', 'ann', 1), voter('b', 'bob', 1)],
} as unknown as Group

const weight = (least: object): Guard => ({ id: 'heavy', effect: 'minThreshold', least })
const people = (least: object): Guard => ({ id: 'many', effect: 'minControllers', least })

/** Of a change with these voters behind it, in a world where only `where` has a guard. */
function refusal(
  where: string,
  guard: Guard,
  voters: readonly string[],
  aliases: readonly string[] = ['web/shop'],
  changeClass: ChangeClass = 'sensitive',
): Refusal | undefined {
  const state = givenState([], [scope('web'), scope(where, { guards: [guard] })])
  const change = { aliases: aliases.map(alias), changeClass }
  const reached = reachesGuards(state, change, group, new Set(voters))
  return reached.ok ? undefined : reached.refusal
}

describe('what a guard of quorum wants behind a change', () => {
  it.each<readonly [string, Guard, readonly string[], boolean]>([
    ['weight, all of it counted', weight({ sensitive: 3 }), ['a', 'a2'], true],
    ['weight that is one short', weight({ sensitive: 4 }), ['a', 'a2'], false],
    ['weight of those alone who voted', weight({ sensitive: 2 }), ['b'], false],
    ['people, each of them once', people({ sensitive: 2 }), ['a', 'a2'], false],
    ['people', people({ sensitive: 2 }), ['a', 'b'], true],
    ['people for another class', people({ structural: 9 }), [], true],
    ['nobody', people({ sensitive: 1 }), [], false],
  ])('is %s', (_what, guard, voters, isReached) => {
    expect(refusal('web', guard, voters) === undefined).toBe(isReached)
  })

  it('is wanted for every name that the subject has before and after', () => {
    const two = people({ sensitive: 2 })
    expect(refusal('web', two, ['a'], ['pay/api'])).toBeUndefined()
    expect(refusal('web', two, ['a'], ['pay/api', 'web/shop'])).toBeDefined()
    expect(refusal('web', two, ['a'], ['web/shop', 'pay/api'])).toBeDefined()
  })

  it('is not wanted for the scope itself, nor for the root by its own guards', () => {
    const two = people({ sensitive: 2 })
    expect(refusal('web', two, ['a'], ['web'])).toBeUndefined()
    expect(refusal('', two, ['a'], [''])).toBeUndefined()
    expect(refusal('', two, ['a'], ['web'])).toBeDefined()
  })

  it('is said with the guard, its scope, and how to look at it', () => {
    const heavy = refusal('web', weight({ sensitive: 4 }), ['a', 'b'])
    expect(heavy).toMatchObject({ code: 'namespace.guard-forbids', found: '3' })
    expect(heavy?.detail).toContain('weight')
    expect(heavy?.wanted).toBe('4 for a sensitive change: guard heavy of the scope web')
    expect(heavy?.next).toBe('capstan guards list web')
    const many = refusal('', people({ sensitive: 3 }), ['a', 'a2', 'b'])
    expect(many).toMatchObject({ code: 'namespace.guard-forbids', found: '2' })
    expect(many?.detail).toContain('controllers')
    expect(many?.wanted).toBe('3 for a sensitive change: guard many of the scope /')
    expect(many?.next).toBe('capstan guards list /')
  })
})
