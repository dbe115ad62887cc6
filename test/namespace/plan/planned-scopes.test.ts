import { describe, expect, it } from '@jest/globals'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import { defaultEntryEnvelope, fullEnvelope } from '../../../src/namespace/envelope.js'
import { planDocument } from '../../../src/namespace/plan/plan-document.js'
import type { PlannedChange } from '../../../src/namespace/plan/planned-change.js'
import {
  alias,
  clusterFacts,
  codeOf,
  type GivenIndex,
  givenIndex,
  owner,
  valueOf,
} from '../given-index.js'

const scope = (name: string, envelope?: object): ChangeRequest => ({
  op: 'scope.create',
  alias: name,
  ...(envelope && { envelope }),
})
const plan = ({ index }: GivenIndex, said: object) =>
  planDocument(index.state, { apiVersion: 'capstan/v1', ...said })
const planned = (given: GivenIndex, said: object): readonly PlannedChange[] =>
  valueOf(plan(given, said))
const order = (given: GivenIndex, said: object) =>
  planned(given, said).map(({ request: { op, alias: name } }) => `${op} ${name}`)
const ttl = (id: string, maxTtl: number) => ({ id, effect: 'maxTtl', maxTtl })
const changeOf = (request: object, lines: readonly string[], subject = 'scope shop') => ({
  ...{ request, kind: 'change', subject, lines },
})

describe('a plan for scopes', () => {
  it('makes new ones with what is said of them, parents first', async () => {
    const given = await givenIndex()
    const scopes = [{ alias: 'a/b/c' }, { alias: 'a', envelope: { maxTtl: 60 } }, { alias: 'a/b' }]
    const add = (name: string, more: object, lines: readonly string[]) => ({
      request: { op: 'scope.create', alias: name, ...more },
      ...{ kind: 'add', subject: `scope ${name}`, lines },
    })
    expect(planned(given, { scopes })).toEqual([
      ...[add('a', { envelope: { maxTtl: 60 } }, ['maxTtl: 60'])],
      ...[add('a/b', {}, []), add('a/b/c', {}, [])],
    ])
  })

  it('gives one that is there all that its parents will allow, and what is said on top', async () => {
    const given = await givenIndex(scope('shop', { maxTtl: 60, ports: [[80, 80]] }))
    const envelope = { ...fullEnvelope, maxTtl: 600 }
    expect(planned(given, { scopes: [{ alias: 'shop', envelope: { maxTtl: 600 } }] })).toEqual([
      changeOf({ op: 'envelope.set', alias: 'shop', envelope }, [
        'maxTtl: 60 -> 600',
        'ports: [[80,80]] -> [[1,65535]]',
      ]),
    ])
    const same = { maxTtl: 60, ports: [[80, 80]] }
    expect(planned(given, { scopes: [{ alias: 'shop', envelope: same }] })).toEqual([])
  })

  it('cuts what is below them down to what they will allow, entries and scopes', async () => {
    const entry = { alias: 'shop/eu/api', owner }
    const given = await givenIndex(scope('shop'), scope('shop/eu'), {
      op: 'entry.create',
      ...entry,
    })
    const said = {
      scopes: [{ alias: 'shop/eu' }, { alias: 'shop', envelope: { maxTtl: 60 } }],
      entries: [entry],
    }
    const set = (name: string, envelope: object) => ({
      request: { op: 'envelope.set', alias: name, envelope: { ...envelope, maxTtl: 60 } },
      lines: ['maxTtl: 86400 -> 60'],
    })
    expect(planned(given, said)).toMatchObject([
      ...[set('shop', fullEnvelope), set('shop/eu', fullEnvelope)],
      set('shop/eu/api', defaultEntryEnvelope),
    ])
  })

  it('names clusters by their aliases, and leaves one that nobody knows to be refused', async () => {
    const given = await givenIndex(
      { op: 'cluster.register', alias: 'prod', cluster: clusterFacts('prod') },
      scope('shop'),
    )
    const { uid } = given.index.state.clusterByAlias(alias('prod'))!
    const clusters = (...names: readonly string[]) =>
      planned(given, { scopes: [{ alias: 'shop', envelope: { clusters: names } }] })[0]?.request
    expect(clusters('prod')).toMatchObject({ envelope: { clusters: [uid] } })
    expect(clusters('prod', 'none')).toMatchObject({ envelope: { clusters: [uid, 'none'].sort() } })
    expect(planned(given, { scopes: [{ alias: 'shop', envelope: { clusters: '*' } }] })).toEqual([])
  })
})

describe('a plan for guards', () => {
  const given2 = () =>
    givenIndex(
      scope('shop'),
      { op: 'guard.set', alias: 'shop', guard: ttl('a', 60) } as ChangeRequest,
      { op: 'guard.set', alias: 'shop', guard: ttl('b', 60) } as ChangeRequest,
    )

  it('sets what is new or differs, and clears the rest afterwards', async () => {
    const given = await given2()
    const guards = [ttl('c', 30), ttl('b', 50)]
    expect(planned(given, { scopes: [{ alias: 'shop', guards }] })).toEqual([
      changeOf({ op: 'guard.set', alias: 'shop', guard: ttl('c', 30) }, [
        'guard: + {effect:maxTtl,id:c,maxTtl:30}',
      ]),
      changeOf({ op: 'guard.set', alias: 'shop', guard: ttl('b', 50) }, [
        'guard b: {effect:maxTtl,id:b,maxTtl:60} -> {effect:maxTtl,id:b,maxTtl:50}',
      ]),
      changeOf({ op: 'guard.clear', alias: 'shop', guard: 'a' }, [
        'guard a: - {effect:maxTtl,id:a,maxTtl:60}',
      ]),
    ])
  })

  it('leaves them where it says nothing, or the same', async () => {
    const given = await given2()
    expect(planned(given, { scopes: [{ alias: 'shop' }] })).toEqual([])
    const guards = [ttl('b', 60), ttl('a', 60)]
    expect(planned(given, { scopes: [{ alias: 'shop', guards }] })).toEqual([])
  })

  it('sets those of a scope that it makes, when it is there', async () => {
    const given = await givenIndex()
    expect(order(given, { scopes: [{ alias: 'shop', guards: [ttl('a', 60)] }] })).toEqual([
      ...['scope.create shop', 'guard.set shop'],
    ])
  })
})

describe('a plan gives up first', () => {
  const entry = (name: string, more: object = {}) => ({ alias: name, owner, ...more })

  it('what narrows, unless it is not allowed yet', async () => {
    const given = await givenIndex(
      ...[scope('shop'), scope('lab', { maxTtl: 60 })],
      { op: 'entry.create', alias: 'shop/api', owner },
      { op: 'entry.create', alias: 'lab/api', owner, envelope: { maxTtl: 60 } },
    )
    const said = {
      scopes: [{ alias: 'new' }, { alias: 'lab', envelope: { maxTtl: 120 } }],
      entries: [
        entry('new/api'),
        entry('lab/api', { envelope: { maxTtl: 90 } }),
        entry('shop/api', { envelope: { maxTtl: 60 } }),
      ],
    }
    expect(order(given, said)).toEqual([
      ...['envelope.set shop/api', 'scope.create new', 'envelope.set lab'],
      ...['entry.create new/api', 'envelope.set lab/api'],
    ])
  })

  it('what narrows a field, where another is wider than its scope allows by now', async () => {
    const given = await givenIndex(
      scope('shop'),
      { op: 'entry.create', alias: 'shop/api', owner },
      { op: 'envelope.set', alias: 'shop', envelope: { maxTtl: 60 } },
    )
    const said = (more: object) => ({
      scopes: [{ alias: 'new' }, { alias: 'shop', envelope: { maxTtl: 120 } }],
      entries: [entry('shop/api', { envelope: more })],
    })
    // 100 is less than it has, and more than the scope allows before it is widened.
    expect(order(given, said({ maxTtl: 100 }))).toEqual([
      ...['scope.create new', 'envelope.set shop', 'envelope.set shop/api'],
    ])
    expect(order(given, said({ maxTtl: 50 }))).toEqual([
      ...['envelope.set shop/api', 'scope.create new', 'envelope.set shop'],
    ])
  })

  it('bindings, rules, splits and entries, in that order of the document', async () => {
    const edge = { kind: 'edge' as const, attestor: 'tpm', device: 'd1' }
    const given = await givenIndex(
      ...['api', 'web', 'old'].map((name) => ({ op: 'entry.create' as const, alias: name, owner })),
      { op: 'binding.add', alias: 'api', binding: edge },
      { op: 'rule.attach', alias: 'api', rule: { id: 'web', callers: ['web'], ports: [80] } },
      {
        ...{ op: 'split.set', alias: 'api' },
        split: { port: 80, backendRefs: [{ entry: 'web', weight: 1 }] },
      },
    )
    const said = {
      prune: true,
      entries: [entry('new'), entry('api', { rules: [], splits: [] }), entry('web')],
    }
    expect(order(given, said)).toEqual([
      ...['binding.remove api', 'rule.detach api', 'split.clear api', 'entry.retire old'],
      'entry.create new',
    ])
  })
})

describe('a document describes nothing twice', () => {
  const rule = { callers: ['web'], ports: [80] }
  const entry = (name: string, more: object = {}) => ({ alias: name, owner, ...more })
  const split = { port: 80, backendRefs: [{ entry: 'web', weight: 1 }] }
  const edge = { kind: 'edge', attestor: 'tpm', device: 'd1' }
  const cluster = { alias: 'prod', ...clusterFacts('prod') }

  it.each<readonly [string, object]>([
    ['scopes', { scopes: [{ alias: 'a' }, { alias: 'b' }, { alias: 'a' }] }],
    ['clusters', { clusters: [cluster, cluster] }],
    ['entries', { entries: [entry('a'), entry('b'), entry('a')] }],
    ['bindings', { entries: [entry('b'), entry('a', { bindings: [edge, edge] })] }],
    ['rules', { entries: [entry('a', { rules: [rule, { ...rule, ports: [81] }, rule] })] }],
    ['splits', { entries: [entry('a', { splits: [split, { ...split, port: 81 }, split] })] }],
    ['guards', { scopes: [{ alias: 'a', guards: [ttl('x', 60), ttl('x', 61)] }] }],
  ])('%s', async (what, said) => {
    const given = await givenIndex()
    expect(plan(given, said)).toMatchObject({
      refusal: {
        code: 'namespace.malformed',
        wanted: `one description of each of its ${what}`,
        found: what === 'clusters' ? 'prod' : 'a',
      },
    })
  })

  it('where it names one rule by its id and another not', async () => {
    const given = await givenIndex()
    const rules = [{ ...rule, id: 'a' }, { ...rule, id: 'b' }, rule]
    expect(codeOf(plan(given, { entries: [entry('a', { rules }), entry('web')] }))).toBe('ok')
  })
})
