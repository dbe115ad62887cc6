import { unixSeconds } from '../../src/core/time.js'
import { open } from '../../src/namespace/dsse.js'
import { recordHash } from '../../src/namespace/log-record.js'
import type { StoredRecord } from '../../src/namespace/ports.js'
import { voterKeyOf, type VoterKey } from '../../src/namespace/voter-key.js'
import { leafHash } from '../../src/tlog/hash.js'
import type { Signatures } from '../support/seeded-voter.js'
import { treeRoot } from '../tlog/reference-tree.js'
import { enrolmentVectors, groupVectors } from './group-vectors.js'
import { badLogs } from './governed-log-vectors.js'
import { type GovernedLog, governedLog } from './governed-log.js'
import type { GovernanceVectors, WrittenRecord } from './governance-shapes.js'
import { statementVectors } from './statement-vectors.js'

const text = (octets: Uint8Array): string => Buffer.from(octets).toString()

export const writtenRecord = ({ bytes, envelopes }: StoredRecord): WrittenRecord => ({
  record: text(bytes),
  envelopes: envelopes.map(text),
})

/** With the signatures of before, where the same octets are signed: then all of it is the same. */
export async function makeGovernanceVectors(
  before?: Pick<GovernanceVectors, 'signatures'>,
): Promise<GovernanceVectors> {
  const kept: Signatures = new Map(
    Object.entries(before?.signatures ?? {}).map(([signed, signature]) => [
      signed,
      Buffer.from(signature, 'base64'),
    ]),
  )
  const given = await governedLog(kept)
  const { records } = given.store
  const octets = records.map(({ bytes }) => bytes)
  const vectors = {
    keys: keysOf(given),
    statements: statementVectors(given),
    enrolments: enrolmentVectors(given),
    groups: groupVectors(given),
    log: {
      index: open(records[0]!.envelopes[0]!)!.digest,
      records: records.map(writtenRecord),
      hashes: octets.map(recordHash),
      root: Buffer.from(treeRoot(octets.map(leafHash))).toString('hex'),
      bad: badLogs(given),
    },
  }
  const signatures = [...kept].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    ...vectors,
    signatures: Object.fromEntries(
      signatures.map(([signed, signature]) => [signed, signature.toString('base64')]),
    ),
  }
}

function keysOf({ local, people }: GovernedLog): Readonly<Record<string, VoterKey>> {
  const all = [local, ...people].map(({ id, jwk }) => {
    const key = voterKeyOf(jwk, unixSeconds(0))
    if (!key) throw new Error('no key')
    return [id, key] as const
  })
  return Object.fromEntries(all)
}
