import { describe, expect, it } from '@jest/globals'
import type { Alias } from '../../src/core/alias.js'
import { FoldedState } from '../../src/namespace/folded-state.js'
import { scopePath } from '../../src/namespace/scope-path.js'
import type { IndexState } from '../../src/namespace/state.js'
import { alias, givenIndex } from './given-index.js'

const pathOf = (state: IndexState, name: string): readonly string[] =>
  scopePath(state, name as Alias).map((scope) => `${scope.alias}: ${scope.state}`)

describe('the scopes above a name', () => {
  it('are those from the root down, as they are now', async () => {
    const given = await givenIndex(
      { op: 'scope.create', alias: 'a' },
      { op: 'scope.create', alias: 'a/b' },
    )
    const { state } = given.index
    const before = [': active', 'a: active', 'a/b: active']
    expect(pathOf(state, 'a/b/x')).toEqual(before)
    expect(pathOf(state, 'a/b/y')).toEqual(before)
    expect(pathOf(state, 'a')).toEqual([': active'])
    expect(pathOf(state, '')).toEqual([])
    expect(pathOf(state, 'q/r/s')).toEqual([': active'])
    await given.did({ op: 'scope.suspend', alias: 'a' })
    expect(pathOf(state, 'a/b/x')).toEqual([': active', 'a: suspended', 'a/b: active'])
    await given.did({ op: 'scope.create', alias: 'q' })
    expect(pathOf(state, 'q/r/s')).toEqual([': active', 'q: active'])
  })

  it('are those of a draft after each of the changes that are thought of together', async () => {
    const given = await givenIndex({ op: 'scope.create', alias: 'a' })
    const draft = new FoldedState(given.index.state.source)
    const imagine = (state: 'active' | 'suspended'): void => {
      const put = { ...given.scope('a'), state }
      draft.imagine({ put, quarantine: [] })
    }
    for (const state of ['suspended', 'active', 'suspended'] as const) {
      imagine(state)
      expect(scopePath(draft, alias('a/x'))[1]?.state).toBe(state)
    }
    expect(pathOf(given.index.state, 'a/x')).toEqual([': active', 'a: active'])
  })
})
