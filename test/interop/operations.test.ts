import { describe, expect, it } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { canonicalize } from '../../src/core/canonical-json.js'
import { sha256Hex } from '../../src/core/uid.js'
import { open, type Opened, payloadTypes } from '../../src/namespace/dsse.js'
import { applyRecord, verifyRecord } from '../../src/namespace/fold-record.js'
import { FoldedState } from '../../src/namespace/folded-state.js'
import type { AnyRecord, LogRecord } from '../../src/namespace/log-record.js'
import { bodySchemas } from '../../src/namespace/schema.js'
import { leafHash } from '../../src/tlog/hash.js'
import { mapKey } from '../../src/tlog/map-hash.js'
import { codeOf, valueOf } from '../namespace/given-index.js'
import { mapRoot } from '../tlog/reference-map.js'
import { treeRoot } from '../tlog/reference-tree.js'
import type { OperationVectors } from './operations/shapes.js'
import { storedOf } from './operations/stored.js'
import { makeOperationVectors } from './operations/vectors.js'

const folder = join(import.meta.dirname, '../../docs/format/vectors')
const file = readFileSync(join(folder, 'operations.json'), 'utf8')
const given = JSON.parse(file) as OperationVectors
const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')
const records = given.records.map(({ record }) => JSON.parse(record) as AnyRecord)

/** All kinds there are: the compiler wants another one here as soon as there is one. */
const kinds: Readonly<Record<AnyRecord['kind'], true>> = {
  genesis: true,
  open: true,
  vote: true,
  withdrawal: true,
  commit: true,
  evidence: true,
  brake: true,
  emergency: true,
  drill: true,
  'recovery-start': true,
  'recovery-cancel': true,
  'recovery-finish': true,
}

/** The state before each record. */
function states(): readonly FoldedState[] {
  const found = [new FoldedState()]
  for (const [seq, written] of given.records.entries()) {
    const state = new FoldedState(found.at(-1))
    applyRecord(state, valueOf(verifyRecord(state, storedOf(written, seq))))
    found.push(state)
  }
  return found
}

describe('docs/format/vectors/operations.json', () => {
  it('is what test/interop/write.ts writes', async () => {
    expect(await makeOperationVectors(given)).toEqual(given)
  })

  it('has a good and a bad vector of every operation there is', () => {
    const envelopes = given.records.flatMap((one) => one.envelopes).map((one) => opened(one))
    const proposed = envelopes
      .filter(({ payloadType }) => payloadType === payloadTypes.proposal)
      .map(({ payload }) => (JSON.parse(Buffer.from(payload).toString()) as { op: string }).op)
    const committed = given.records.filter((_, at) => records[at]!.kind === 'commit')
    // `after` alone is checked of any of them: the check of its own refuses another.
    const own = given.bad.filter(({ what }) => what !== 'another state after')
    for (const op of Object.keys(bodySchemas)) {
      expect([op, proposed.includes(op)]).toEqual([op, true])
      expect([op, committed.some(({ of }) => of === op)]).toEqual([op, true])
      expect([op, own.some(({ of }) => of === op)]).toEqual([op, true])
    }
  })

  it('has a good and a bad vector of every kind of record, and every statement', () => {
    const of = new Set(given.records.flatMap((one, at) => [one.of, records[at]!.kind]))
    const bad = new Set(given.bad.map((one) => one.of))
    for (const kind of Object.keys(kinds)) expect([kind, of.has(kind)]).toEqual([kind, true])
    for (const kind of Object.keys(kinds)) expect([kind, bad.has(kind)]).toEqual([kind, true])
    const said = new Set(
      given.records.flatMap((one) => one.envelopes).map((one) => opened(one).payloadType),
    )
    const { enrolment: _inGroups, ...statements } = payloadTypes
    expect([...said].sort()).toEqual(Object.values(statements).sort())
  })

  it('says of every record its hash, its digests, its object, and the roots after it', () => {
    const rows = new Map<string, readonly [Uint8Array, Uint8Array]>()
    const leaves: Uint8Array[] = []
    for (const [at, vector] of given.records.entries()) {
      leaves.push(leafHash(Buffer.from(vector.record)))
      expect(hex(leaves.at(-1)!)).toBe(vector.hash)
      expect(vector.envelopes.map((one) => opened(one).digest)).toEqual(vector.digests)
      const { after } = records[at] as Partial<LogRecord>
      const digest =
        vector.object === undefined ? undefined : sha256Hex(canonicalize(vector.object))
      expect(digest).toBe(after)
      for (const [table, name, value] of vector.rows) {
        if (value === null) rows.delete(`${table} ${name}`)
        else rows.set(`${table} ${name}`, [mapKey(table, name), Buffer.from(value, 'hex')])
      }
      expect(hex(mapRoot([...rows.values()]))).toBe(vector.state)
      expect(hex(treeRoot(leaves))).toBe(vector.tree)
    }
  })

  it('is read by the fold, and each bad one refused by its code', () => {
    const before = states()
    expect(before.at(-1)!.index).toBe(given.index)
    const judged = given.bad.map(({ from, records: written }) => {
      const state = new FoldedState(before[from])
      const [last, ...first] = written.map((one, at) => storedOf(one, from + at)).reverse()
      for (const stored of first.reverse()) {
        applyRecord(state, valueOf(verifyRecord(state, stored)))
      }
      return codeOf(verifyRecord(state, last!))
    })
    expect(judged).toEqual(given.bad.map(({ code }) => code))
  })
})

function opened(envelope: string): Opened {
  const found = open(Buffer.from(envelope))
  if (!found) throw new Error('no envelope')
  return found
}
