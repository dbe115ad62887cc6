import { describe, expect, it } from '@jest/globals'
import { hours, toIso, plus } from '../../../src/core/time.js'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import type { Impact } from '../../../src/namespace/questions/impact.js'
import { brakeBy } from '../given-brake.js'
import { clusterFacts, codeOf, k8s, owner, valueOf } from '../given-index.js'
import { type GivenGroup, givenGroup } from '../given-group.js'
import { asked } from './asked.js'

const create = (alias: string): ChangeRequest => ({ op: 'entry.create', alias, owner })

/** What a change would do, that nobody has voted about. */
async function impactOf(given: GivenGroup, request: ChangeRequest): Promise<Impact> {
  const { id } = await given.proposed(request)
  return valueOf(await asked(given).impact(id)).impact
}

describe('what an entry has after, and not before', () => {
  it('is another name, under which its certificates are, with what it was called', async () => {
    const given = await givenGroup({}, create('pay/api'))
    const { entries } = await impactOf(given, {
      op: 'entry.rename',
      alias: 'pay/api',
      to: 'pay/v1',
    })
    expect(entries).toEqual([
      {
        ...{ alias: 'pay/v1', was: 'pay/api', certificates: 'kept', wider: [], narrower: [] },
        names: {
          gained: ['spiffe://acme.example/pay/v1', 'v1.pay.entry.identity.acme.example'],
          lost: ['spiffe://acme.example/pay/api', 'api.pay.entry.identity.acme.example'],
        },
      },
    ])
  })

  it('is more, or less, of an envelope: each field by itself, in order', async () => {
    const given = await givenGroup({}, create('pay/api'), {
      op: 'envelope.set',
      alias: 'pay/api',
      envelope: { maxTtl: 600, mayCall: ['web' as never], mayAccept: [] },
    })
    const { entries } = await impactOf(given, {
      op: 'envelope.set',
      alias: 'pay/api',
      envelope: { maxTtl: 60, mayCall: ['' as never], mayAccept: ['web' as never] },
    })
    expect(entries).toMatchObject([
      { alias: 'pay/api', wider: ['mayAccept', 'mayCall'], narrower: ['maxTtl'] },
    ])
    expect(entries[0]).not.toHaveProperty('was')
  })

  it('is certificates again, and says nothing of its limits then', async () => {
    const given = await givenGroup({}, create('pay/api'), { op: 'entry.suspend', alias: 'pay/api' })
    const { entries } = await impactOf(given, { op: 'entry.reactivate', alias: 'pay/api' })
    expect(entries).toMatchObject([
      { certificates: 'gained', names: { lost: [] }, wider: [], narrower: [] },
    ])
  })

  it.each<[string, readonly ChangeRequest[]]>([
    ['is suspended', [{ op: 'entry.suspend', alias: 'pay/api' }]],
    ['is in a suspended scope', [{ op: 'scope.suspend', alias: 'pay' }]],
  ])('is nothing of one without certificates: it %s', async (_why, requests) => {
    const given = await givenGroup(
      {},
      { op: 'scope.create', alias: 'pay' },
      create('pay/api'),
      ...requests,
    )
    const narrower = { op: 'envelope.set', alias: 'pay/api', envelope: { maxTtl: 60 } } as const
    expect((await impactOf(given, narrower)).entries).toEqual([])
  })

  it('is nothing of one in a braked scope, or whose lifetime is over', async () => {
    const given = await givenGroup({}, { op: 'scope.create', alias: 'pay' }, create('pay/api'))
    const validUntil = toIso(plus(given.now(), hours(1)))
    await given.agreed({ op: 'entry.create', alias: 'old', owner, validUntil })
    const target = { alias: 'pay' }
    const brake = brakeBy(given.index.state, [given.ann], target, { at: given.now() })
    valueOf(await given.index.submitBrake(brake))
    given.clock.advance(hours(1))
    for (const alias of ['pay/api', 'old']) {
      const narrower = { op: 'envelope.set', alias, envelope: { maxTtl: 60 } } as const
      expect((await impactOf(given, narrower)).entries).toEqual([])
    }
  })
})

describe('the impact of what can no longer be done', () => {
  it('is refused as the change itself would be', async () => {
    const given = await givenGroup({}, create('a'), create('b'), {
      ...{ op: 'cluster.register', alias: 'east', cluster: clusterFacts('east') },
    })
    const bind = (alias: string): ChangeRequest => ({
      ...{ op: 'binding.add', alias, binding: k8s('east', 'ns', 'sa') },
    })
    const { id } = await given.proposed(bind('a'))
    expect((await asked(given).impact(id)).ok).toBe(true)
    await given.agreed(bind('b'))
    expect(codeOf(await asked(given).impact(id))).toBe('namespace.identity-collision')
  })
})

describe('an object that is another after', () => {
  it('is told with its kind, in order, and with the members that differ', async () => {
    const given = await givenGroup({}, create('web'), create('pay/api'))
    const [made] = valueOf(
      await given.index.apply({
        apiVersion: 'capstan/v1',
        clusters: [{ alias: 'east', ...clusterFacts('east') }],
        scopes: [{ alias: 'pay' }],
        entries: [
          { alias: 'web', owner: { controller: 'team-web' }, labels: { a: 'b' } },
          { alias: 'late', owner },
        ],
      }),
    )
    if (made?.kind !== 'waits') throw new Error('it was committed at once')
    const { objects } = valueOf(await asked(given).impact(made.proposal)).impact
    expect(objects).toEqual([
      { kind: 'cluster', alias: 'east', change: 'created', fields: [] },
      { kind: 'entry', alias: 'late', change: 'created', fields: [] },
      { kind: 'entry', alias: 'web', change: 'changed', fields: ['labels', 'owner'] },
      { kind: 'scope', alias: 'pay', change: 'created', fields: [] },
    ])
  })

  it('bears on what is in it where it is a scope, new or not, and not where voters are', async () => {
    const given = await givenGroup({}, create('pay/api'), create('web'))
    const narrow = { mayCall: [] }
    const scope = { op: 'scope.create', alias: 'pay', envelope: narrow } as const
    const { entries, objects } = await impactOf(given, scope)
    expect(objects).toMatchObject([{ kind: 'scope', alias: 'pay', change: 'created' }])
    expect(entries.map(({ alias }) => alias)).toEqual(['pay/api'])
    expect(entries[0]?.narrower).toContain('mayCall')
    const { rev: _rev, ...group } = given.index.state.root.group!
    const regrouped = await impactOf(given, { op: 'group.set', alias: '', group })
    expect(regrouped).toMatchObject({
      objects: [{ kind: 'scope', alias: '', change: 'changed', fields: ['group'] }],
      ...{ entries: [], permissions: { added: [], removed: [] }, complete: true },
    })
  })
})

describe('whom a change of an entry bears on', () => {
  const rule = (id: string, callers: readonly unknown[], port = 80) =>
    ({ id, callers, ports: [port] }) as never
  const pairs = (list: Impact['permissions']['added']): readonly string[] =>
    list.map(({ caller, callee, rule: by }) => `${caller} ${callee} ${by}`)
  const given = (): Promise<GivenGroup> =>
    givenGroup(
      {},
      { op: 'scope.create', alias: 'c' },
      ...['a', 'b', 'c/x', 'd'].map(create),
      { op: 'rule.attach', alias: 'b', rule: rule('one', ['a']) },
      { op: 'rule.attach', alias: 'd', rule: rule('tree', [{ subtree: 'c' }], 90) },
      { op: 'rule.attach', alias: 'd', rule: rule('all', [{ subtree: '' }]) },
    )

  it('is those that it calls, by its name or its region, and those that call it', async () => {
    const index = await given()
    const renamed = await impactOf(index, { op: 'entry.rename', alias: 'a', to: 'c/a' })
    // By its new name it may do what it did, and what all in its region may.
    expect(pairs(renamed.permissions.added)).toEqual(['c/a d tree'])
    expect(pairs(renamed.permissions.removed)).toEqual([])
    const left = await impactOf(index, { op: 'entry.rename', alias: 'c/x', to: 'x' })
    expect(pairs(left.permissions.added)).toEqual([])
    expect(pairs(left.permissions.removed)).toEqual(['c/x d tree'])
    const suspended = await impactOf(index, { op: 'entry.suspend', alias: 'd' })
    // Itself too: what is in a region may call itself there.
    expect(pairs(suspended.permissions.removed)).toEqual([
      'a d all',
      'b d all',
      'c/x d all',
      'c/x d tree',
      'd d all',
    ])
  })

  it('is told in the order of their names, whoever they are', async () => {
    const index = await givenGroup({}, ...['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(create))
    const callers = ['g', 'c', 'e', 'b', 'f', 'd']
    const all = await impactOf(index, {
      ...{ op: 'rule.attach', alias: 'a', rule: rule('r', callers) },
    })
    expect(pairs(all.permissions.added)).toEqual(
      ['b', 'c', 'd', 'e', 'f', 'g'].map((name) => `${name} a r`),
    )
  })

  it('is nobody where only what it is called by people differs', async () => {
    const labels = { team: 'x' }
    const found = await impactOf(await given(), { op: 'entry.update', alias: 'd', labels })
    expect(found.permissions).toEqual({ added: [], removed: [] })
    expect(found.objects).toMatchObject([{ fields: ['labels'] }])
  })

  it('is by a rule that is another: only what it allows now and not before', async () => {
    const more = { id: 'one', callers: ['a', 'd'], ports: [80, 90] } as never
    const { permissions } = await impactOf(await given(), {
      ...{ op: 'rule.replace', alias: 'b', rule: more },
    })
    expect(permissions.added).toMatchObject([
      { caller: 'a', callee: 'b', ports: [[90, 90]] },
      { caller: 'd', callee: 'b' },
    ])
    expect(permissions.removed).toEqual([])
  })

  it('is those whom a lifetime ends for, once it is given one', async () => {
    const index = await given()
    const validUntil = toIso(plus(index.now(), hours(1)))
    const { permissions } = await impactOf(index, { op: 'entry.update', alias: 'a', validUntil })
    const times = permissions.removed.map(({ callee, rule: by }) => `${callee} ${by}`)
    expect(times).toEqual(['b one', 'd all'])
  })
})
