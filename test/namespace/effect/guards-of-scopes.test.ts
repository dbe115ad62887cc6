import { describe, expect, it } from '@jest/globals'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import { MAX_GUARDS } from '../../../src/namespace/guard/guard.js'
import type { Scope } from '../../../src/namespace/scope.js'
import type { Uid } from '../../../src/core/uid.js'
import type { MemoryTable } from '../../../src/namespace/table.js'
import { type GivenIndex, givenIndex } from '../given-index.js'
import { decidedIn, effectIn, refusalIn } from './given-effect.js'

const shop: ChangeRequest = { op: 'scope.create', alias: 'shop' }
const guard = (id: string, maxTtl = 60) => ({ id, effect: 'maxTtl' as const, maxTtl })
const subject = (given: GivenIndex) => ({ alias: 'shop', uid: given.scope('shop').uid })

/** As if they had been set one by one. */
function withGuards(given: GivenIndex, ids: readonly string[]): void {
  const scopes = given.store.state.tables.scopes as MemoryTable<Uid, Scope>
  const scope = given.scope('shop')
  scopes.set(scope.uid, { ...scope, guards: ids.map((id) => guard(id)) })
}

describe('the guards of a scope', () => {
  it.each(['a', 'c', 'e'])('are in the order of their ids, with %s too', async (id) => {
    const given = await givenIndex(shop)
    withGuards(given, ['b', 'd'])
    const { put } = decidedIn(given, 'guard.set', subject(given), { guard: guard(id) }).effect
    expect((put as Scope).guards?.map((one) => one.id)).toEqual(['b', 'd', id].sort())
    expect(put).toMatchObject({ rev: 2, alias: 'shop' })
  })

  it('are a hundred at most', async () => {
    const given = await givenIndex(shop)
    const ids = Array.from({ length: MAX_GUARDS }, (_, at) => `g${100 + at}`)
    const set = (id: string, maxTtl?: number) =>
      effectIn(given, 'guard.set', subject(given), { guard: guard(id, maxTtl) })
    withGuards(given, ids.slice(1))
    expect(set('new').ok).toBe(true)
    withGuards(given, ids)
    expect(set('new')).toMatchObject({ refusal: { code: 'namespace.malformed' } })
    expect(set('g150', 30)).toMatchObject({ value: { changeClass: 'narrowing' } })
    expect(set('g150', 90)).toMatchObject({ value: { changeClass: 'structural' } })
  })

  it('are made of what guards are made of', async () => {
    const given = await givenIndex(shop)
    const bad = { id: 'no', effect: 'forbid', callers: ['A//'] }
    const refusal = refusalIn(given, 'guard.set', subject(given), { guard: bad })
    expect(refusal.code).toMatch(/^namespace\.(malformed|bad-alias)$/)
  })

  it('of the root are asked for by its own name', async () => {
    const given = await givenIndex()
    const { uid } = given.index.state.root
    expect(refusalIn(given, 'guard.clear', { alias: '', uid }, { guard: 'none' })).toMatchObject({
      ...{ code: 'namespace.unknown', found: 'none', next: 'capstan guards list /' },
    })
  })
})
