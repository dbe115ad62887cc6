import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { canonicalize } from '../../src/core/canonical-json.js'
import type { UnixSeconds } from '../../src/core/time.js'
import type { Decision } from '../../src/namespace/ballot.js'
import { payloadTypes, preAuthEncoding } from '../../src/namespace/dsse.js'
import { type EnrolledRole, enrolmentBytes } from '../../src/namespace/enrolment.js'
import type { ChangeClass, Voter } from '../../src/namespace/group.js'
import type { GroupTerms } from '../../src/namespace/operation.js'
import type { Holder } from '../../src/namespace/recovery/recovery.js'
import { slotOf, statementType, type Vote, votePredicate } from '../../src/namespace/statements.js'
import type { ProposalView } from '../../src/namespace/proposal-view.js'
import {
  type VoterAlgorithm,
  type VoterJwk,
  type VoterKey,
  voterKeyOf,
} from '../../src/namespace/voter-key.js'

const newKey = (alg: VoterAlgorithm): KeyObject =>
  alg === 'Ed25519'
    ? generateKeyPairSync('ed25519').privateKey
    : generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

/** Somebody who votes, with a key that only this object has. */
export class TestVoter {
  readonly id: string
  readonly controller: string
  readonly alg: VoterAlgorithm
  readonly jwk: VoterJwk
  private readonly privateKey: KeyObject

  /** With a new key, where none is given. */
  constructor(
    id: string,
    alg: VoterAlgorithm = 'Ed25519',
    controller = `${id}@acme`,
    privateKey = newKey(alg),
  ) {
    this.id = id
    this.controller = controller
    this.alg = alg
    this.jwk = { ...createPublicKey(privateKey).export({ format: 'jwk' }) } as unknown as VoterJwk
    this.privateKey = privateKey
  }

  signature(bytes: Uint8Array): Buffer {
    return this.alg === 'Ed25519'
      ? sign(null, bytes, this.privateKey)
      : sign('sha256', bytes, { key: this.privateKey, dsaEncoding: 'ieee-p1363' })
  }

  /** Its key, enrolled; `as` says for whom, where that is somebody else. */
  key(
    index: string,
    from: UnixSeconds,
    as: Pick<TestVoter, 'id' | 'controller'> = this,
    role: EnrolledRole = 'voter',
  ): VoterKey {
    const key = voterKeyOf(this.jwk, from)
    if (!key) throw new Error('not a key')
    const { thumbprint } = key
    const enrolment = { index, voter: as.id, controller: as.controller, thumbprint, role }
    return { ...key, proof: this.signature(enrolmentBytes(enrolment)).toString('base64url') }
  }

  /** As a group lists it. */
  voter(index: string, from: UnixSeconds, weight = 100): Voter {
    const { id, controller } = this
    return { id, controller, keys: [this.key(index, from)], weight, status: 'active' }
  }

  /** As a recovery set lists it. */
  holder(index: string, from: UnixSeconds): Holder {
    const { id, controller } = this
    return { id, controller, keys: [this.key(index, from, this, 'recovery')] }
  }

  /** A DSSE envelope of any statement. */
  envelope(payloadType: string, statement: unknown): Uint8Array {
    const payload = Buffer.from(canonicalize(statement))
    const sig = this.signature(preAuthEncoding(payloadType, payload)).toString('base64')
    return Buffer.from(
      canonicalize({
        payload: payload.toString('base64'),
        payloadType,
        signatures: [{ sig }],
      }),
    )
  }

  /** A vote about an open proposal; `predicate` overrides what it says. */
  vote(
    { id, digest, record, proposal, open }: ProposalView,
    decision: Decision,
    cast: UnixSeconds,
    predicate: Partial<Vote['predicate']> = {},
  ): Uint8Array {
    if (!proposal || !open) throw new Error('not an open proposal')
    const vote: Vote = {
      _type: statementType,
      predicateType: votePredicate,
      subject: [{ name: id, digest: { sha256: digest } }],
      predicate: {
        index: proposal.index,
        scope: proposal.scope,
        slot: slotOf(proposal),
        voter: this.id,
        decision,
        seq: 1,
        cast,
        log: { size: record + 1, head: open.head },
        ...predicate,
      },
    }
    return this.envelope(payloadTypes.vote, vote)
  }
}

const each = <T>(of: (name: ChangeClass) => T): Record<ChangeClass, T> => ({
  narrowing: of('narrowing'),
  routine: of('routine'),
  sensitive: of('sensitive'),
  structural: of('structural'),
  emergency: of('emergency'),
})

/** The shape of a group of equals: two of three, with two controllers for what is sensitive. */
export function groupOf(voters: readonly Voter[], more: Partial<GroupTerms> = {}): GroupTerms {
  const total = voters.reduce((sum, { weight }) => sum + weight, 0)
  const most = Math.floor(total / 2) + 1
  return {
    solo: false,
    voters,
    threshold: each((name) => (name === 'narrowing' || name === 'emergency' ? 100 : most)),
    minControllers: each((name) => (name === 'sensitive' || name === 'structural' ? 2 : 1)),
    ...more,
  }
}
