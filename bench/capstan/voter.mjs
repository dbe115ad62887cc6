import { generateKeyPairSync, sign } from 'node:crypto'
import { canonicalize } from '../../dist/core/canonical-json.js'
import { payloadTypes, preAuthEncoding } from '../../dist/namespace/dsse.js'
import { enrolmentBytes } from '../../dist/namespace/enrolment.js'
import { slotOf, statementType, votePredicate } from '../../dist/namespace/statements.js'
import { voterKeyOf } from '../../dist/namespace/voter-key.js'
import { unixNow } from './authority.mjs'

/** Somebody who votes, with an Ed25519 key in memory. */
export class Voter {
  constructor(id) {
    this.id = id
    this.controller = `${id}@bench`
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    this.jwk = { ...publicKey.export({ format: 'jwk' }) }
    this.privateKey = privateKey
  }

  /** As a group lists it. */
  listed(index, from) {
    const key = voterKeyOf(this.jwk, from)
    const { id: voter, controller } = this
    const about = { index, voter, controller, thumbprint: key.thumbprint }
    const proof = sign(null, enrolmentBytes(about), this.privateKey).toString('base64url')
    return { id: voter, controller, keys: [{ ...key, proof }], weight: 100, status: 'active' }
  }

  /** A DSSE envelope that approves an open proposal, by the digest of the impact that was shown. */
  approves({ id, digest, record, proposal, open }, impact) {
    const statement = {
      _type: statementType,
      predicateType: votePredicate,
      subject: [{ name: id, digest: { sha256: digest } }],
      predicate: {
        index: proposal.index,
        scope: proposal.scope,
        slot: slotOf(proposal),
        voter: this.id,
        decision: 'approve',
        seq: 1,
        cast: unixNow(),
        impact,
        log: { size: record + 1, head: open.head },
      },
    }
    const payload = Buffer.from(canonicalize(statement))
    const payloadType = payloadTypes.vote
    const sig = sign(null, preAuthEncoding(payloadType, payload), this.privateKey)
    const signatures = [{ sig: sig.toString('base64') }]
    return Buffer.from(
      canonicalize({ payload: payload.toString('base64'), payloadType, signatures }),
    )
  }
}

/** What `index` is told to have voters decide: a majority of them. */
export function groupOf(state, voters) {
  const majority = Math.floor((voters.length * 100) / 2) + 1
  const each = (of) =>
    Object.fromEntries(
      ['narrowing', 'routine', 'sensitive', 'structural', 'emergency'].map((name) => [name, of]),
    )
  const [local] = state.root.group.voters
  return {
    solo: false,
    voters: voters.map((voter) => voter.listed(state.index, state.at)),
    threshold: each(majority),
    minControllers: { ...each(1), sensitive: 2, structural: 2 },
    proposers: [{ id: local.id, controller: local.controller, keys: local.keys }],
  }
}
