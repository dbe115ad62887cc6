import { isDeliberation, type AnyRecord, recordHash } from '../../../src/namespace/log-record.js'
import { open } from '../../../src/namespace/dsse.js'
import { applyRecord, verifyRecord } from '../../../src/namespace/fold-record.js'
import { FoldedState } from '../../../src/namespace/folded-state.js'
import type { StoredRecord } from '../../../src/namespace/ports.js'
import type { IndexState } from '../../../src/namespace/state.js'
import { leafHash } from '../../../src/tlog/hash.js'
import { valueOf } from '../../namespace/given-index.js'
import { keyed, stateRows } from '../../namespace/state-rows.js'
import type { Signatures } from '../../support/seeded-voter.js'
import { mapRoot } from '../../tlog/reference-map.js'
import { treeRoot } from '../../tlog/reference-tree.js'
import { actsAlone } from './alone.js'
import { actTogether } from './by-voters.js'
import { GivenLog } from './given-log.js'
import type { OperationVectors, RecordVector, RowVector } from './shapes.js'
import { operationsOf, whatOf } from './of.js'
import { twins } from './twins.js'

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')
const text = (octets: Uint8Array): string => Buffer.from(octets).toString()

/** A log with a record of every operation and of every kind, what each comes to, and its bad twins. */
export async function makeOperationVectors(
  before?: Pick<OperationVectors, 'signatures'>,
): Promise<OperationVectors> {
  const kept: Signatures = new Map(
    Object.entries(before?.signatures ?? {}).map(([signed, signature]) => [
      signed,
      Buffer.from(signature, 'base64'),
    ]),
  )
  const given = await GivenLog.begin(kept)
  await actsAlone(given)
  await actTogether(given)
  const { records } = given.store
  const states = statesOf(records)
  const made = {
    trustDomain: states.at(-1)!.trustDomain,
    index: states.at(-1)!.index,
    records: recordVectors(records, states),
    bad: twins(given, states),
  }
  const signatures = [...kept].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    ...made,
    signatures: Object.fromEntries(signatures.map(([of, one]) => [of, one.toString('base64')])),
  }
}

/** The state before each record, and after the last. */
function statesOf(records: readonly StoredRecord[]): readonly FoldedState[] {
  const states = [new FoldedState()]
  for (const stored of records) {
    const state = new FoldedState(states.at(-1))
    applyRecord(state, valueOf(verifyRecord(state, stored)))
    states.push(state)
  }
  return states
}

function recordVectors(
  records: readonly StoredRecord[],
  states: readonly FoldedState[],
): readonly RecordVector[] {
  const operations = operationsOf(records)
  const leaves = records.map(({ bytes }) => leafHash(bytes))
  return records.map(({ bytes, envelopes }, at): RecordVector => {
    const record = JSON.parse(text(bytes)) as AnyRecord
    const [before, after] = [states[at]!, states[at + 1]!]
    return {
      of: whatOf(record, operations),
      record: text(bytes),
      envelopes: envelopes.map(text),
      hash: recordHash(bytes),
      digests: envelopes.map((envelope) => open(envelope)!.digest),
      ...(!isDeliberation(record) && { object: objectOf(after, record.subject.uid) }),
      rows: changedRows(before, after),
      state: hex(mapRoot(keyed(stateRows(after)))),
      tree: hex(treeRoot(leaves.slice(0, at + 1))),
    }
  })
}

function objectOf({ scopes, entries, clusters }: IndexState, uid: string): unknown {
  const found = scopes.get(uid as never) ?? entries.get(uid as never) ?? clusters.get(uid as never)
  const { head: _head, ...object } = found!
  return object
}

function changedRows(before: IndexState, after: IndexState): readonly RowVector[] {
  const rowsOf = (state: IndexState): ReadonlyMap<string, RowVector> =>
    new Map(
      (state.size === 0 ? [] : stateRows(state)).map(({ table, name, value }) => [
        `${table} ${name}`,
        [table, name, hex(value)] as const,
      ]),
    )
  const [was, is] = [rowsOf(before), rowsOf(after)]
  const gone = [...was].filter(([key]) => !is.has(key))
  const differ = [...is].filter(([key, [, , value]]) => was.get(key)?.[2] !== value)
  return [...gone.map(([key, [table, name]]) => [key, [table, name, null]] as const), ...differ]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, row]) => row)
}
