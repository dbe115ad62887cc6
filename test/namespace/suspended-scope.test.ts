import { describe, expect, it } from '@jest/globals'
import { hours, plus } from '../../src/core/time.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { brakeBy } from './given-brake.js'
import { givenEmergency, invocationBy } from './given-emergency.js'
import { type GivenGroup, givenGroup, groupBelow } from './given-group.js'
import {
  alias,
  clusterFacts,
  codeOf,
  type GivenIndex,
  givenIndex,
  k8s,
  owner,
  valueOf,
} from './given-index.js'
import { signed } from './given-two-groups.js'
import { replaysTheSame } from './replays-the-same.js'

const envelope = { maxTtl: 3600, mayAccept: [''], mayCall: [''], ports: [[1, 1000]] } as never
const web = { id: 'web', callers: ['w/web'], ports: [80, 443], proto: 'http' } as const
const routes = { id: 'routes', effect: 'requireRoutes' } as const
const lifetimes = { id: 'ttl', effect: 'maxTtl', maxTtl: 3600 } as const

/** Two scopes, of which `p` has a scope and entries below it. */
const world: readonly ChangeRequest[] = [
  { op: 'cluster.register', alias: 'prod', cluster: clusterFacts('prod') },
  { op: 'cluster.register', alias: 'p/edge', cluster: clusterFacts('edge') },
  { op: 'scope.create', alias: 'w' },
  { op: 'scope.create', alias: 'p' },
  { op: 'scope.create', alias: 'p/q' },
  { op: 'scope.create', alias: 'p/off' },
  { op: 'scope.suspend', alias: 'p/off' },
  { op: 'scope.create', alias: 'p/empty' },
  { op: 'envelope.set', alias: 'p/q', envelope: { maxTtl: 5400 } },
  { op: 'guard.set', alias: 'p/q', guard: lifetimes },
  { op: 'guard.set', alias: 'p', guard: { ...lifetimes, maxTtl: 7200 } },
  { op: 'entry.create', alias: 'w/web', owner, envelope },
  { op: 'entry.create', alias: 'p/a', owner, envelope, bindings: [k8s('prod', 'p', 'a')] },
  { op: 'entry.create', alias: 'p/q/b', owner, envelope },
  { op: 'entry.create', alias: 'p/old', owner },
  { op: 'entry.suspend', alias: 'p/old' },
  { op: 'rule.attach', alias: 'p/a', rule: web },
  {
    op: 'split.set',
    alias: 'p/a',
    split: { port: 80, backendRefs: [{ entry: 'p/a', weight: 1 }] },
  },
]

const a = { alias: 'p/a' } as const

/** What gives something below a suspended scope, moves it, or changes it in any other way. */
const gives: readonly ChangeRequest[] = [
  { op: 'entry.create', alias: 'p/new', owner },
  { op: 'scope.create', alias: 'p/q/new' },
  { op: 'entry.rename', ...a, to: 'w/a' },
  { op: 'entry.rename', ...a, to: 'a' },
  { op: 'entry.rename', ...a, to: 'p/q/a' },
  { op: 'entry.rename', alias: 'w/web', to: 'p/web' },
  { op: 'entry.rename', alias: 'p/q/b', to: 'b' },
  { op: 'entry.reactivate', alias: 'p/old' },
  { op: 'entry.update', ...a, owner: { controller: 'others' } },
  { op: 'entry.update', ...a, labels: { tier: '1' } },
  { op: 'entry.update', ...a, validUntil: '2027-01-01T00:00:00Z' },
  { op: 'binding.add', ...a, binding: k8s('prod', 'p', 'more') },
  { op: 'rule.attach', ...a, rule: { ...web, id: 'more' } },
  { op: 'rule.replace', ...a, rule: { ...web, ports: [[1, 500]] } },
  { op: 'split.set', ...a, split: { port: 80, backendRefs: [{ entry: 'w/web', weight: 1 }] } },
  { op: 'split.set', ...a, split: { port: 80, backendRefs: [{ entry: 'p/a', weight: 2 }] } },
  { op: 'split.clear', ...a, port: 80 },
  { op: 'envelope.set', ...a, envelope: { maxTtl: 3601 } },
  { op: 'envelope.set', alias: 'p/q', envelope: { maxTtl: 5401 } },
  { op: 'guard.set', alias: 'p/q', guard: { ...lifetimes, maxTtl: 3601 } },
  { op: 'guard.clear', alias: 'p/q', guard: 'ttl' },
  { op: 'scope.reactivate', alias: 'p/off' },
  { op: 'cluster.register', alias: 'p/new', cluster: clusterFacts('new') },
]

/** What takes something away there, and what is about the suspended scope itself. */
const goesOn: readonly ChangeRequest[] = [
  { op: 'entry.suspend', ...a },
  { op: 'entry.retire', ...a },
  { op: 'entry.retire', alias: 'p/old' },
  { op: 'binding.remove', ...a, binding: 'prod/p/a' },
  { op: 'rule.detach', ...a, rule: 'web' },
  { op: 'rule.replace', ...a, rule: { ...web, ports: [443] } },
  { op: 'envelope.set', ...a, envelope: { maxTtl: 3599 } },
  { op: 'envelope.set', alias: 'p/q', envelope: { maxTtl: 5399 } },
  { op: 'guard.set', alias: 'p/q', guard: { ...lifetimes, maxTtl: 3599 } },
  { op: 'guard.set', alias: 'p/q', guard: routes },
  { op: 'scope.suspend', alias: 'p/q' },
  { op: 'scope.retire', alias: 'p/empty' },
  { op: 'cluster.update', alias: 'p/edge', cluster: clusterFacts('edge', { audience: 'more' }) },
  { op: 'cluster.remove', alias: 'p/edge' },
  { op: 'scope.reactivate', alias: 'p' },
  { op: 'envelope.set', alias: 'p', envelope: { maxTtl: 86_399 } },
  { op: 'guard.clear', alias: 'p', guard: 'ttl' },
  { op: 'entry.update', alias: 'w/web', labels: { tier: '1' } },
  { op: 'rule.attach', alias: 'w/web', rule: { ...web, callers: ['p/a'] } },
]

const named = (all: readonly ChangeRequest[]) =>
  all.map(({ op, alias: name, ...more }): [string, ChangeRequest] => [
    `${op} ${name} ${JSON.stringify(more)}`,
    { op, alias: name, ...more } as ChangeRequest,
  ])

async function suspended(): Promise<GivenIndex> {
  const given = await givenIndex(...world)
  await given.did({ op: 'scope.suspend', alias: 'p' })
  return given
}

describe('below a suspended scope', () => {
  it.each(named(gives))('nothing is given or moved: %s', async (_name, request) => {
    const before = await givenIndex(...world)
    expect(await before.codeFor(request)).toBe('ok')
    const given = await suspended()
    const { size } = given.index.state
    expect(await given.index.change(request)).toMatchObject({
      refusal: {
        code: 'namespace.wrong-state',
        detail: 'the scope p is suspended',
        next: 'capstan scope reactivate p',
      },
    })
    expect(given.index.state.size).toBe(size)
    await given.did({ op: 'scope.reactivate', alias: 'p' })
    expect(await given.codeFor(request)).toBe('ok')
  })

  it.each(named(goesOn))('goes on: %s', async (_name, request) => {
    const given = await suspended()
    expect(await given.codeFor(request)).toBe('ok')
    await replaysTheSame(given)
  })

  it('it is the uppermost one that is reactivated first', async () => {
    const given = await suspended()
    await given.did({ op: 'scope.suspend', alias: 'p/q' })
    const first = { op: 'scope.reactivate', alias: 'p/q' } as const
    expect(await given.codeFor(first)).toBe('namespace.wrong-state')
    await given.did({ op: 'scope.reactivate', alias: 'p' })
    const move = { op: 'entry.rename', alias: 'p/q/b', to: 'w/b' } as const
    expect(await given.codeFor(move)).toBe('namespace.wrong-state')
    await given.did(first, move)
    await replaysTheSame(given)
  })

  it('a document changes nothing that it would give something', async () => {
    const given = await suspended()
    const document = (more: object) => ({
      apiVersion: 'capstan/v1',
      entries: [{ alias: 'p/a', owner, envelope, bindings: [k8s('prod', 'p', 'a')], ...more }],
    })
    const { size } = given.index.state
    expect(codeOf(await given.index.apply(document({ labels: { tier: '1' } })))).toBe(
      'namespace.wrong-state',
    )
    expect(given.index.state.size).toBe(size)
    expect(codeOf(await given.index.apply(document({ state: 'suspended' })))).toBe('ok')
    expect(given.entry('p/a').state).toBe('suspended')
  })
})

/** The same, of three voters. */
const givenVoters = (): Promise<GivenGroup> =>
  givenGroup(
    { brake: { ttl: hours(24), perWeek: 10 }, timelock: { sensitive: hours(1) } },
    ...world,
  )

describe('what voters of a suspended scope decide', () => {
  const move: ChangeRequest = { op: 'entry.rename', alias: 'p/a', to: 'w/a' }

  it('moves nothing out of it by a sensitive vote (attack 301)', async () => {
    const given = await givenGroup({}, ...world)
    // As a voter signs it by hand, in view of nothing: a suspension does not make it stale.
    const model = signed(given.bob, await given.proposed(move))
    const { proposal } = valueOf(await given.index.submit([model]))
    await given.votes(given.ann, proposal)
    await given.votes(given.cyd, await given.proposed({ op: 'scope.suspend', alias: 'p' }))
    expect(given.scope('p').state).toBe('suspended')
    expect((await given.proposal(proposal.id)).standing).toBe('open')
    expect((await given.votes(given.cyd, proposal)).changes).toEqual([])
    expect((await given.proposal(proposal.id)).standing).toBe('due')
    expect(await given.index.settle()).toEqual([])
    expect(given.entry('p/a').state).toBe('active')
    expect(given.index.state.entryByAlias(alias('w/a'))).toBeUndefined()
    // Nor is another one asked for.
    expect(await given.codeFor(move)).toBe('namespace.wrong-state')
    await replaysTheSame(given)
  })

  it('waits for the scope where it had passed before, whatever its timelock', async () => {
    const given = await givenVoters()
    const model = await given.proposed({ ...gives[8]! })
    const { proposal } = valueOf(await given.index.submit([signed(given.bob, model)]))
    for (const voter of [given.ann, given.bob]) await given.votes(voter, proposal)
    expect((await given.proposal(proposal.id)).standing).toBe('scheduled')
    await given.votes(given.cyd, await given.proposed({ op: 'scope.suspend', alias: 'p' }))
    given.clock.set(plus(given.now(), hours(2)))
    expect(await given.index.settle()).toEqual([])
    expect((await given.proposal(proposal.id)).standing).toBe('due')
    expect(given.entry('p/a').owner).toEqual(owner)
    await given.agreed({ op: 'scope.reactivate', alias: 'p' })
    await given.index.settle()
    expect((await given.proposal(proposal.id)).standing).toBe('committed')
    await replaysTheSame(given)
  })

  it('lifts no brake there, and lets those who brake go on', async () => {
    const given = await givenVoters()
    const on = (target: string) =>
      given.index.submitBrake(
        brakeBy(given.index.state, [given.ann], { alias: target }, { at: given.now() }),
      )
    valueOf(await on('p/a'))
    await given.votes(given.cyd, await given.proposed({ op: 'scope.suspend', alias: 'p' }))
    expect(await given.index.change({ op: 'brake.lift', alias: 'p/a' })).toMatchObject({
      refusal: { detail: 'the scope p is suspended' },
    })
    valueOf(await on('p/q'))
    await replaysTheSame(given)
  })

  it('is about who decides there, as ever', async () => {
    const given = await givenGroup({}, ...world)
    await given.votes(given.cyd, await given.proposed({ op: 'scope.suspend', alias: 'p' }))
    await groupBelow(given, 'p', [given.ann, given.bob, given.cyd])
    await groupBelow(given, 'p/q', [given.ann, given.bob, given.cyd])
    expect(given.scope('p/q').group?.voters).toHaveLength(3)
    await replaysTheSame(given)
  })

  it('is not given by a grant for emergencies either (attack 301)', async () => {
    const given = await givenEmergency()
    await given.votes(given.cyd, await given.proposed({ op: 'entry.suspend', alias: 'shop/api' }))
    await given.votes(given.cyd, await given.proposed({ op: 'scope.suspend', alias: 'shop' }))
    for (const act of ['allow', 'reactivate'] as const) {
      for (const more of [{}, { drill: true } as const]) {
        const use = invocationBy(given, [given.ann], { alias: 'shop/api', act }, more)
        expect(await given.index.invokeEmergency(use)).toMatchObject({
          refusal: { code: 'namespace.wrong-state', detail: 'the scope shop is suspended' },
        })
      }
    }
    await replaysTheSame(given)
  })
})
