import { describe, expect, it } from '@jest/globals'
import { uidFromDigest } from '../../src/core/uid.js'
import { isMeta, isRow } from '../../src/namespace/row-shape.js'
import { rowTables, type TableName, wholeTables } from '../../src/namespace/state-tables.js'
import { anEntry, aScope, metaAt, newUid } from '../contract/given-tables.js'

type Row = Readonly<Record<string, unknown>>

const digest = new Uint8Array(32)
const uid = newUid()
const scope = uidFromDigest('s', digest)
const cluster = uidFromDigest('c', digest)
const id = `pr${'a'.repeat(40)}`
const until = 7

/** What each table may hold, with every member that a row may have. */
const rows: Partial<Record<TableName, readonly [string, Row]>> = {
  scopes: [
    scope,
    {
      ...aScope(scope, 'payments'),
      group: { voters: [] },
      guards: [{ id: 'g', effect: 'deny' }],
      recovery: { statement: 'd', holders: [], record: 1, from: 2, since: 3, due: 4 },
      brake: { until },
    },
  ],
  clusters: [
    cluster,
    {
      ...{ kind: 'cluster', uid: cluster, alias: 'prod', state: 'active', rev: 1, head: 'h' },
      ...{ createdAt: 0, identityTrustDomain: 'prod.local', controlPlaneNamespace: 'linkerd' },
      ...{ issuer: 'https://prod.example', audience: 'capstan', validation: 'online' },
    },
  ],
  entries: [
    uid,
    {
      ...anEntry(uid),
      rules: [
        {
          ...{ id: 'r', callers: [], ports: [], routes: [{}], rev: 1 },
          ...{ brake: { until }, emergency: { until } },
        },
      ],
      splits: [{ port: 80, backendRefs: [{}] }],
      ...{ drainUntil: 1, heldUntil: 2, brake: { until }, emergency: { until } },
    },
  ],
  quarantines: ['alias:shop', { uid, until }],
  proposals: [
    id,
    { id, kind: 'pending', digest: 'd', record: 1, proposal: {}, head: 'h', votes: [] },
  ],
}
const closed = { id, kind: 'closed', digest: 'd', record: 1, ending: 'stale', ended: 2 }

/** The value with another one at the end of a path; undefined takes it away. */
function changed(value: unknown, [first, ...rest]: readonly string[], other: unknown): unknown {
  if (first === undefined) return other
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value
    return items.with(Number(first), changed(items[Number(first)], rest, other))
  }
  const members = Object.entries(value as Row).filter(([name]) => name !== first)
  const inner = changed((value as Row)[first], rest, other)
  return Object.fromEntries(inner === undefined ? members : [...members, [first, inner]])
}

const noRecord = [null, [], 'text', 7]
const noList = [null, {}, 'text', 7]
const noText = [null, 7, ['text']]
const noCount = [null, '1', -1, 1.5, 2 ** 53, [1]]
const gone = [undefined]

const ofObjects: readonly (readonly [string, readonly unknown[]])[] = [
  ['kind', [...gone, 'other', 'node']],
  ['uid', [...gone, uidFromDigest('e', new Uint8Array(32).fill(1))]],
  ['alias', [...gone, ...noText]],
  ['state', [...gone, ...noText, 'other', 'retired?', ['active']]],
  ['head', [...gone, ...noText]],
  ['rev', [...gone, ...noCount]],
  ['createdAt', [...gone, ...noCount]],
  ['brake', [...noRecord, {}, { until: '1' }]],
]

const wrong: readonly (readonly [TableName, string, readonly unknown[]])[] = [
  ...(['scopes', 'clusters', 'entries'] as const).flatMap((table) =>
    ofObjects.map(([path, values]) => [table, path, values] as const),
  ),
  ['scopes', 'envelope', [...gone, ...noRecord]],
  ['scopes', 'group', [...gone, [], 'text', {}, { voters: {} }]],
  ['scopes', 'guards', [{}, 'text', 7]],
  ['scopes', 'guards.0', noRecord],
  ['scopes', 'guards.0.id', [...gone, ...noText]],
  ['scopes', 'guards.0.effect', [...gone, ...noText]],
  ['scopes', 'recovery', noRecord],
  ['scopes', 'recovery.statement', [...gone, ...noText]],
  ['scopes', 'recovery.holders', [...gone, ...noList]],
  ...['record', 'from', 'since', 'due'].map(
    (member) => ['scopes', `recovery.${member}`, [...gone, ...noCount]] as const,
  ),
  ...['identityTrustDomain', 'controlPlaneNamespace', 'issuer', 'audience'].map(
    (member) => ['clusters', member, [...gone, ...noText]] as const,
  ),
  ['clusters', 'state', ['suspended', 'retiring']],
  ['scopes', 'state', ['retiring']],
  ['entries', 'state', ['retired']],
  ['entries', 'owner', [...gone, ...noRecord]],
  ['entries', 'envelope', [...gone, ...noRecord]],
  ['entries', 'labels', [...gone, ...noRecord]],
  ['entries', 'bindings', [...gone, ...noList]],
  ['entries', 'bindings.1', noRecord],
  ['entries', 'bindings.1.id', [...gone, ...noText]],
  ['entries', 'bindings.1.kind', [...gone, ...noText, 'other', ['vm']]],
  ['entries', 'rules', [...gone, ...noList]],
  ['entries', 'rules.0', noRecord],
  ['entries', 'rules.0.id', [...gone, ...noText]],
  ['entries', 'rules.0.callers', [...gone, ...noList]],
  ['entries', 'rules.0.ports', [...gone, ...noList]],
  ['entries', 'rules.0.rev', [...gone, ...noCount]],
  ['entries', 'rules.0.brake', [...noRecord, {}, { until: -1 }]],
  ['entries', 'rules.0.emergency', [...noRecord, {}, { until: -1 }]],
  ['entries', 'rules.0.routes', [{}, 'text', 7]],
  ['entries', 'rules.0.routes.0', noRecord],
  ['entries', 'splits', [{}, 'text', 7]],
  ['entries', 'splits.0', noRecord],
  ['entries', 'splits.0.port', [...gone, ...noCount]],
  ['entries', 'splits.0.backendRefs', [...gone, ...noList]],
  ['entries', 'splits.0.backendRefs.0', noRecord],
  ['entries', 'emergency', [...noRecord, {}, { until: -1 }]],
  ...['validUntil', 'drainUntil', 'heldUntil'].map(
    (member) => ['entries', member, noCount] as const,
  ),
  ['quarantines', 'uid', [...gone, ...noText, 'shop']],
  ['quarantines', 'until', [...gone, ...noCount]],
  ['proposals', 'id', [...gone, 'pr1']],
  ['proposals', 'kind', [...gone, 'closed', 'other']],
  ['proposals', 'digest', [...gone, ...noText]],
  ['proposals', 'record', [...gone, ...noCount]],
  ['proposals', 'proposal', [...gone, ...noRecord]],
  ['proposals', 'head', [...gone, ...noText]],
  ['proposals', 'votes', [...gone, ...noList]],
]

const given = (table: TableName): readonly [string, Row] => rows[table] ?? ['', {}]

describe('a row of a store', () => {
  it.each(wrong)('of %s is none with another %s', (table, path, values) => {
    const [key, row] = given(table)
    expect(isRow(table, key, row)).toBe(true)
    for (const value of values) {
      const other = changed(row, path.split('.'), value)
      expect([value, isRow(table, key, other)]).toEqual([value, false])
    }
  })

  it.each(['scopes', 'clusters', 'entries', 'quarantines', 'proposals'] as const)(
    'of %s is a record',
    (table) => {
      const [key] = given(table)
      for (const value of [undefined, ...noRecord]) expect(isRow(table, key, value)).toBe(false)
    },
  )

  it.each<[TableName, string]>([
    ['scopes', 'brake'],
    ['scopes', 'guards'],
    ['scopes', 'recovery'],
    ['entries', 'brake'],
    ['entries', 'emergency'],
    ['entries', 'splits'],
    ['entries', 'validUntil'],
    ['entries', 'drainUntil'],
    ['entries', 'heldUntil'],
    ['entries', 'rules.0.brake'],
    ['entries', 'rules.0.emergency'],
    ['entries', 'rules.0.routes'],
  ])('of %s may be without its %s', (table, path) => {
    const [key, row] = given(table)
    expect(isRow(table, key, changed(row, path.split('.'), undefined))).toBe(true)
  })

  it.each<[TableName, readonly string[]]>([
    ['scopes', ['active', 'suspended', 'retired']],
    ['clusters', ['active', 'retired']],
    ['entries', ['active', 'suspended', 'retiring']],
  ])('of %s is in one of its states', (table, states) => {
    const [key, row] = given(table)
    expect(states.filter((state) => isRow(table, key, { ...row, state }))).toEqual(states)
  })

  it('of scopes may be without voters of its own', () => {
    const [key, row] = given('scopes')
    expect(isRow('scopes', key, { ...row, group: null })).toBe(true)
  })

  it('of entries has bindings of three kinds, or none', () => {
    const [key, row] = given('entries')
    const bindings = ['k8s', 'vm', 'edge'].map((kind) => ({ id: 'b', kind }))
    expect(isRow('entries', key, { ...row, bindings })).toBe(true)
    expect(isRow('entries', key, { ...row, bindings: [], rules: [] })).toBe(true)
  })

  it('is filed under its own uid, which is one', () => {
    for (const table of ['scopes', 'clusters', 'entries'] as const) {
      const [, row] = given(table)
      expect(isRow(table, 'other', row)).toBe(false)
      expect(isRow(table, 'other', { ...row, uid: 'other' })).toBe(false)
    }
  })

  it('of proposals that is closed says how and when', () => {
    expect(isRow('proposals', id, closed)).toBe(true)
    expect(isRow('proposals', id, { ...closed, kind: 'other' })).toBe(false)
    for (const [member, values] of [
      ['ending', [...gone, ...noText]],
      ['ended', [...gone, ...noCount]],
      ['digest', gone],
      ['record', gone],
      ['id', gone],
    ] as const) {
      for (const value of values) {
        expect(isRow('proposals', id, changed(closed, [member], value))).toBe(false)
      }
    }
  })

  it('of what is counted is a number from 0', () => {
    for (const table of ['history', 'waiting', 'slots'] as const) {
      for (const value of [0, 1, 2 ** 53 - 1]) expect(isRow(table, 'k', value)).toBe(true)
      for (const value of [undefined, ...noCount]) expect(isRow(table, 'k', value)).toBe(false)
    }
  })

  it('of every other table is a uid', () => {
    const counted = ['history', 'waiting', 'slots', ...Object.keys(rows)]
    const others = [...wholeTables, ...rowTables].filter((table) => !counted.includes(table))
    expect(others).toHaveLength(7)
    for (const table of others) {
      expect(isRow(table, 'k', uid)).toBe(true)
      for (const value of [undefined, '', 'shop', 7, [uid], {}]) {
        expect(isRow(table, 'k', value)).toBe(false)
      }
    }
  })
})

describe('where tables stand', () => {
  const meta = { ...metaAt(3), unfinished: id }

  it('may be within changes that are made together, or not', () => {
    expect([isMeta(meta), isMeta(metaAt(0))]).toEqual([true, true])
  })

  it.each<[string, readonly unknown[]]>([
    ['index', [...gone, ...noText]],
    ['trustDomain', [...gone, ...noText]],
    ['root', [...gone, ...noText, 'shop']],
    ['head', [...gone, ...noText]],
    ['unfinished', noText],
    ['size', [...gone, ...noCount]],
    ['at', [...gone, ...noCount]],
    ['entries', [...gone, ...noCount]],
    ['structure', [...gone, ...noCount]],
  ])('is nowhere with another %s', (member, values) => {
    for (const value of values) expect(isMeta(changed(meta, [member], value))).toBe(false)
  })

  it('is nowhere without a record that says so', () => {
    for (const value of [undefined, ...noRecord]) expect(isMeta(value)).toBe(false)
  })
})
