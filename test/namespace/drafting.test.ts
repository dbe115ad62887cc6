import { describe, expect, it } from '@jest/globals'
import { canonicalize } from '../../src/core/canonical-json.js'
import { type AskedChanges, draftProposals } from '../../src/namespace/drafting/draft-proposals.js'
import { SeenState, stateOfSeen } from '../../src/namespace/drafting/seen-state.js'
import { canonicalState } from '../../src/namespace/state.js'
import {
  clusterFacts,
  codeOf,
  type GivenIndex,
  givenIndex,
  k8s,
  owner,
  valueOf,
} from './given-index.js'

const entries = Array.from({ length: 16 }, (_, at) => ({
  op: 'entry.create' as const,
  alias: `many/e${at}`,
  owner,
}))

const given = (): Promise<GivenIndex> =>
  givenIndex(
    { op: 'cluster.register', alias: 'prod', cluster: clusterFacts('prod') },
    { op: 'scope.create', alias: 'many' },
    { op: 'scope.create', alias: 'payments' },
    { op: 'entry.create', alias: 'payments/api', owner, bindings: [k8s('prod', 'pay', 'api')] },
    { op: 'entry.create', alias: 'web/shop', owner },
    ...entries,
  )

const by = (index: GivenIndex) => ({
  as: 'local',
  at: index.clock.now(),
  nonce: 'ab'.repeat(16),
})

const rule = { id: 'shop', callers: ['web/shop', { subtree: 'many' }], ports: [8080] }

const asked: readonly (readonly [string, AskedChanges])[] = [
  ['a new scope', { change: { op: 'scope.create', alias: 'payments/eu' } }],
  ['a new entry', { change: { op: 'entry.create', alias: 'payments/db', owner } }],
  ['another name', { change: { op: 'entry.rename', alias: 'web/shop', to: 'payments/shop' } }],
  [
    'one binding less',
    { change: { op: 'binding.remove', alias: 'payments/api', binding: 'prod/pay/api' } },
  ],
  [
    'a smaller envelope',
    { change: { op: 'envelope.set', alias: 'payments', envelope: { clusters: ['prod'] } } },
  ],
  ['a rule', { change: { op: 'rule.attach', alias: 'payments/api', rule } }],
  [
    'a split',
    {
      change: {
        op: 'split.set',
        alias: 'payments/api',
        split: { port: 80, backendRefs: [{ entry: 'web/shop' }] },
      },
    },
  ],
  [
    'a document',
    {
      document: {
        apiVersion: 'capstan/v1',
        scopes: [{ alias: 'shop' }],
        entries: [
          { alias: 'shop/a', owner },
          { alias: 'shop/b', owner, rules: [{ callers: ['shop/a'], ports: [80] }] },
          { alias: 'payments/api', owner, bindings: [k8s('prod', 'pay', 'other')] },
        ],
      },
      why: { reason: 'spring' },
    },
  ],
]

describe('a proposal that somebody else signs', () => {
  it.each(asked)('is made again of what was looked at: %s', async (_, wanted) => {
    const index = await given()
    const seen = new SeenState(index.index.state.source)
    const made = valueOf(draftProposals(seen, wanted, by(index)))
    // As it comes over the wire.
    const shown = JSON.parse(JSON.stringify(seen.seen)) as typeof seen.seen
    const again = valueOf(draftProposals(valueOf(stateOfSeen(shown)), wanted, by(index)))
    expect(canonicalize(again)).toBe(canonicalize(made))
    expect(made.length).toBeGreaterThan(0)
    // Nothing that it has nothing to do with.
    expect(JSON.stringify(shown)).not.toContain('many/e7')
    expect(shown.rows.length).toBeLessThan(40)
  })

  it('is made of everything where everything else is to go', async () => {
    const index = await given()
    const wanted = {
      document: {
        apiVersion: 'capstan/v1',
        entries: [{ alias: 'web/shop', owner }],
        prune: true,
      },
      why: {},
    }
    const seen = new SeenState(index.index.state.source)
    const made = valueOf(draftProposals(seen, wanted, by(index)))
    const source = valueOf(stateOfSeen(seen.seen))
    const again = valueOf(draftProposals(source, wanted, by(index)))
    expect(canonicalize(again)).toBe(canonicalize(made))
    expect(made[0]?.proposal.body).toMatchObject({ changes: { length: 17 } })
  })

  it('changes nothing where it is made', async () => {
    const index = await given()
    const before = canonicalState(index.index.state)
    for (const [, wanted] of asked) valueOf(await index.index.draft(wanted, 'local'))
    expect(canonicalState(index.index.state)).toBe(before)
    expect(index.store.records).toHaveLength(index.index.state.size)
  })

  it('is refused for whom nobody knows, of what is no change, and in words of no record', async () => {
    const { index } = await given()
    const change = { op: 'entry.create', alias: 'payments/db', owner }
    expect(codeOf(await index.draft({ change }, 'eve'))).toBe('namespace.no-vote')
    expect(codeOf(await index.draft({ change: { op: 'x' } }, 'local'))).toBe('namespace.malformed')
    const alone = { change: { ...change, alias: 'payments/api' } }
    expect(codeOf(await index.draft(alone, 'local'))).toBe('namespace.alias-taken')
    const document = { apiVersion: 'capstan/v1', entries: [{ alias: 'a', owner }] }
    for (const reason of ['x'.repeat(501), '\ud800']) {
      const long = await index.draft({ document, why: { reason } }, 'local')
      expect(codeOf(long)).toBe('namespace.malformed')
    }
    const many = (length: number) => Array.from({ length }, (_, at) => ({ alias: `a${at}`, owner }))
    const large = { document: { ...document, entries: many(400) }, why: {} }
    expect(codeOf(await index.draft(large, 'local'))).toBe('namespace.malformed')
    // Before anything of it is tried: nobody else has a turn meanwhile.
    const larger = { document: { ...document, entries: many(2001) }, why: {} }
    const refused = await index.draft(larger, 'eve')
    expect(refused.ok ? refused.value : refused.refusal).toMatchObject({
      ...{ code: 'namespace.malformed', wanted: 'at most 2000 changes' },
    })
  })
})

describe('rows that somebody shows', () => {
  it('are none of an index: without its root, of no table, of another shape', async () => {
    const { index } = await given()
    const seen = new SeenState(index.state.source)
    valueOf(draftProposals(seen, asked[1]![1], by(await given())))
    const { meta, rows } = seen.seen
    expect(codeOf(stateOfSeen({ meta, rows }))).toBe('ok')
    const [first, ...rest] = rows
    for (const wrong of [
      { meta: {}, rows },
      { meta, rows: [] },
      { meta, rows: [null] },
      { meta, rows: [{ ...first, table: 'secrets' }, ...rest] },
      { meta, rows: [{ ...first, key: 7 }, ...rest] },
      { meta, rows: [{ ...first, value: 'x' }, ...rest] },
    ]) {
      expect(codeOf(stateOfSeen(wrong))).toBe('namespace.malformed')
    }
  })
})
