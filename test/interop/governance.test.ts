import { describe, expect, it } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isSignedBy, open, type Opened, preAuthEncoding } from '../../src/namespace/dsse.js'
import { enrolmentBytes, isEnrolled } from '../../src/namespace/enrolment.js'
import { applyRecord, verifyRecord } from '../../src/namespace/fold-record.js'
import { FoldedState } from '../../src/namespace/folded-state.js'
import { isSound } from '../../src/namespace/sound-group.js'
import {
  proposalId,
  readBrake,
  readGenesis,
  readProposal,
  readVote,
  readWithdrawal,
} from '../../src/namespace/statements.js'
import { leafHash } from '../../src/tlog/hash.js'
import { treeRoot } from '../tlog/reference-tree.js'
import type { GovernanceVectors, StatementKind, WrittenRecord } from './governance-shapes.js'
import { makeGovernanceVectors } from './governance-vectors.js'

const folder = join(import.meta.dirname, '../../docs/format/vectors')
const load = (name: string): unknown =>
  JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))
const stored = load('governance') as GovernanceVectors
const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')

const readers: Readonly<Record<StatementKind, (opened: Opened) => unknown>> = {
  genesis: readGenesis,
  proposal: readProposal,
  vote: readVote,
  brake: readBrake,
  withdrawal: readWithdrawal,
}

/** What it comes to; undefined for a log that is refused. */
function folded(records: readonly WrittenRecord[]): FoldedState | undefined {
  const state = new FoldedState()
  for (const [seq, { record, envelopes }] of records.entries()) {
    const stored = {
      seq,
      bytes: Buffer.from(record),
      envelopes: envelopes.map((text) => Buffer.from(text)),
    }
    const verified = verifyRecord(state, stored)
    if (!verified.ok) return undefined
    applyRecord(state, verified.value)
  }
  return state
}

describe('docs/format/vectors/governance.json', () => {
  it('is what test/interop/write.ts writes', async () => {
    expect(await makeGovernanceVectors(stored)).toEqual(stored)
  })

  it.each(stored.statements)('$kind: $what', ({ kind, envelope, signers, pae, digest, id }) => {
    const opened = open(Buffer.from(envelope))
    const says = opened && readers[kind](opened)
    const keys = signers.map((name) => stored.keys[name]!)
    const isGood = says !== undefined && isSignedBy(opened!, keys)
    const found = isGood ? opened : undefined
    expect(found?.digest).toBe(digest)
    expect(found && hex(preAuthEncoding(found.payloadType, found.payload))).toBe(pae)
    if (kind === 'proposal') expect(found && proposalId(found.digest)).toBe(id)
  })

  it.each(stored.enrolments)('enrolment: $what', ({ key, signed, refused, ...who }) => {
    expect(isEnrolled(key, who)).toBe(refused === undefined)
    if (signed === undefined) return
    expect(hex(enrolmentBytes({ ...who, thumbprint: key.thumbprint }))).toBe(signed)
  })

  it.each(stored.groups)('group: $what', ({ index, group, refused }) => {
    const sound = isSound({ ...group, rev: 1 }, { index, before: null })
    expect(sound.ok).toBe(refused === undefined)
  })

  const { records, hashes, root, index, bad } = stored.log
  it('log: as it is', () => {
    const leaves = records.map(({ record }) => leafHash(Buffer.from(record)))
    expect(leaves.map(hex)).toEqual(hashes)
    expect(hex(treeRoot(leaves))).toBe(root)
    const state = folded(records)
    expect([state?.index, state?.head]).toEqual([index, hashes.at(-1)])
  })
  it.each(bad)('log: $what', ({ from, records: changed }) => {
    expect(folded(records.slice(0, from))).toBeDefined()
    expect(folded([...records.slice(0, from), ...changed])).toBeUndefined()
  })
})
