import { describe, expect, it } from '@jest/globals'
import { uidFromDigest } from '../../src/core/uid.js'
import {
  MapRows,
  mappedRows,
  mappedTables,
  stateKey,
  uidOfValue,
  uidValue,
} from '../../src/namespace/state-map.js'
import { objectDigest } from '../../src/namespace/state.js'
import { emptyState, type RowChange, tableNames } from '../../src/namespace/state-tables.js'
import type { MemoryTable } from '../../src/namespace/table.js'
import { anEntry, aScope, newUid } from '../contract/given-tables.js'

const hex = (octets: Uint8Array | undefined): string | undefined =>
  octets && Buffer.from(octets).toString('hex')
const entry = anEntry(newUid())
const scope = aScope(uidFromDigest('s', new Uint8Array(32)), 'payments')
const cluster = uidFromDigest('c', new Uint8Array(32))

/** What the map is told, as keys and values in hex. */
function changesOf(...rows: readonly (readonly [RowChange['table'], string, unknown])[]) {
  const mapped = new MapRows()
  for (const [table, key, value] of rows) mapped.add({ table, key, value })
  return mapped.changes().map(({ key, value }) => [hex(key), hex(value)])
}
const wanted = (...[table, name]: Parameters<typeof stateKey>) => hex(stateKey(table, name))

describe('a row of the state map', () => {
  it('of an object is its digest, without the record that it is of', () => {
    expect(changesOf(['entries', entry.uid, entry], ['scopes', scope.uid, scope])).toEqual([
      [wanted('entry', entry.uid), objectDigest(entry)],
      [wanted('scope', scope.uid), objectDigest(scope)],
    ])
    expect(changesOf(['clusters', cluster, { ...scope, head: 'other' }])).toEqual([
      [wanted('cluster', cluster), objectDigest(scope)],
    ])
  })

  it('of an alias or a name is who has it', () => {
    expect(
      changesOf(
        ['scopeAliases', 'payments', scope.uid],
        ['held', 'alias:shop/web', entry.uid],
        ['held', 'name:spiffe://acme.example/shop/web', entry.uid],
      ),
    ).toEqual([
      [wanted('alias', 'payments'), hex(Buffer.from(scope.uid))],
      [wanted('alias', 'shop/web'), hex(Buffer.from(entry.uid))],
      [wanted('name', 'spiffe://acme.example/shop/web'), hex(Buffer.from(entry.uid))],
    ])
  })

  it('goes with the row that made it', () => {
    expect(
      changesOf(['entries', entry.uid, undefined], ['held', 'alias:shop/web', undefined]),
    ).toEqual([
      [wanted('entry', entry.uid), undefined],
      [wanted('alias', 'shop/web'), undefined],
    ])
  })

  it('is of no other table, of no other key, and not of the alias of the root', () => {
    const other = tableNames.filter((name) => !(mappedTables as readonly string[]).includes(name))
    expect(other).toHaveLength(tableNames.length - 5)
    expect(changesOf(...other.map((table) => [table, 'alias:shop', entry.uid] as const))).toEqual(
      [],
    )
    expect(changesOf(['held', 'k8s:c/n/s', entry.uid], ['held', 'edge:tpm/1', entry.uid])).toEqual(
      [],
    )
    expect(changesOf(['scopeAliases', '', scope.uid])).toEqual([])
  })

  it('of an alias that passes from one to another is of who has it then', () => {
    const lost = ['scopeAliases', 'shop', undefined] as const
    const got = ['held', 'alias:shop', entry.uid] as const
    const both = [[wanted('alias', 'shop'), hex(Buffer.from(entry.uid))]]
    expect([changesOf(lost, got), changesOf(got, lost)]).toEqual([both, both])
    expect(changesOf(lost, ['held', 'alias:shop', undefined])).toEqual([
      [wanted('alias', 'shop'), undefined],
    ])
  })

  it('is told once, as it was last', () => {
    const other = { ...entry, rev: 2 }
    const rows = [
      ['entries', entry.uid, entry],
      ['entries', entry.uid, other],
    ] as const
    expect(changesOf(...rows)).toEqual([[wanted('entry', entry.uid), objectDigest(other)]])
    expect(objectDigest(other)).not.toBe(objectDigest(entry))
  })

  it('of an alias is not one of a name that is spelt like it', () => {
    expect(changesOf(['held', 'alias:a', entry.uid], ['held', 'name:a', entry.uid])).toHaveLength(2)
  })
})

describe('a value that a proof has shown', () => {
  it('is a uid, or of no log of ours', () => {
    expect(uidOfValue(uidValue(entry.uid))).toBe(entry.uid)
    for (const text of ['', 'x'.repeat(32), entry.uid.toUpperCase(), `${entry.uid}a`]) {
      expect(uidOfValue(Buffer.from(text))).toBeUndefined()
    }
    const spoilt = Buffer.from(entry.uid)
    spoilt[5] = 0xff
    expect(uidOfValue(spoilt)).toBeUndefined()
  })
})

describe('all rows that a map is made of', () => {
  it('are those of five tables, as they are', () => {
    const { tables } = emptyState()
    for (const name of tableNames) {
      ;(tables[name] as unknown as MemoryTable<string, unknown>).set(`key of ${name}`, name)
    }
    expect([...mappedRows(tables)]).toEqual(
      ['scopes', 'clusters', 'entries', 'scopeAliases', 'held'].map((table) => ({
        ...{ table, key: `key of ${table}`, value: table },
      })),
    )
  })
})
