import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { Alias } from '../../src/core/alias.js'
import type { AskedCall } from '../../src/server/operations.js'
import { FakeClock } from '../support/fake-clock.js'
import { codeOf, Installation, valueOf, web } from './given-installation.js'

const api = 'shop/api' as Alias

describe('rules of an installation', () => {
  let given: Installation
  beforeEach(async () => {
    given = await Installation.founded(new FakeClock())
    await given.change({ op: 'entry.create', alias: api, owner: { controller: 'team-api' } })
    await given.change({ op: 'entry.create', alias: 'shop/v2', owner: { controller: 'team-api' } })
    await given.change({
      op: 'rule.attach',
      alias: api,
      rule: { id: 'web', callers: [web], ports: [80], routes: [{ path: { prefix: '/a' } }] },
    })
  })
  afterEach(() => given[Symbol.asyncDispose]())

  const ask = (more: Partial<AskedCall> = {}) =>
    given.instance.operations.permit({
      caller: web,
      callee: api,
      port: 80,
      route: 'GET /a/b',
      headers: [],
      ...more,
    })

  it('are read back after a restart, and decide as before', async () => {
    const backendRefs = [{ entry: 'shop/v2', weight: 3 }]
    await given.change({ op: 'split.set', alias: api, split: { port: 80, backendRefs } })
    await given.change({
      op: 'guard.set',
      alias: '',
      guard: { id: 'no-ssh', effect: 'forbid', ports: [[22, 22]] },
    })
    const { operations } = given.instance
    const before = [
      valueOf(await operations.rules(api)),
      valueOf(await operations.guards('' as Alias)),
      valueOf(await ask()),
    ]
    expect(before).toMatchObject([
      { rules: [{ id: 'web', callers: [web], rev: 2 }], splits: [{ port: 80, backendRefs }] },
      [{ scope: '', guard: { id: 'no-ssh' } }],
      { allowed: true, rule: { id: 'web', rev: 2 } },
    ])
    await given.instance[Symbol.asyncDispose]()
    await given.open()
    const { operations: again } = given.instance
    expect([
      valueOf(await again.rules(api)),
      valueOf(await again.guards('' as Alias)),
      valueOf(await ask()),
    ]).toEqual(before)
    expect(codeOf(await given.instance.index.verify())).toBeUndefined()
  })

  it('say who could change what is denied', async () => {
    expect(valueOf(await ask({ route: 'GET /b' }))).toMatchObject({
      allowed: false,
      denied: {
        condition: 'route',
        change: { kind: 'entry', alias: api, owner: 'team-api', decidedBy: '' },
      },
    })
    expect(valueOf(await ask({ caller: api }))).toMatchObject({ denied: { condition: 'no-rule' } })
  })

  it.each(['GET /a/../b', 'GET //a', 'GET /a%2Fb', 'get /a', 'GET /a?b'])(
    'decide nothing about %s',
    async (route) => {
      expect(codeOf(await ask({ route }))).toBe('namespace.malformed')
    },
  )

  it('decide about what there is', async () => {
    expect(codeOf(await ask({ caller: 'nobody' as Alias }))).toBe('namespace.unknown')
    expect(codeOf(await ask({ callee: 'nobody' as Alias }))).toBe('namespace.unknown')
    const { route: _route, ...call } = { caller: web, callee: api, port: 80, route: '' }
    const headers = [['a', 'b']] as const
    expect(codeOf(await given.instance.operations.permit({ ...call, headers }))).toBe(
      'request.malformed',
    )
  })

  it('show a caller that has gone by what it was', async () => {
    const { uid } = valueOf(await given.instance.operations.entry(web))
    await given.change({ op: 'entry.retire', alias: web })
    expect(valueOf(await given.instance.operations.rules(api)).rules).toMatchObject([
      { callers: [uid] },
    ])
  })
})
