import { canonicalize } from '../../../src/core/canonical-json.js'
import { open, payloadTypes } from '../../../src/namespace/dsse.js'
import type { AnyRecord } from '../../../src/namespace/log-record.js'
import type { StoredRecord } from '../../../src/namespace/ports.js'
import { type Proposal, proposalId, slotOf } from '../../../src/namespace/statements.js'
import type { SeededVoter } from '../../support/seeded-voter.js'
import type { WrittenRecord } from '../governance-shapes.js'

type Members = Record<string, unknown>

/**
 * What is said in place of what was: by the way to a member (`body.rule.id`) its value, or what makes it
 * of the number that it was; undefined takes it away.
 */
export type Edits = Readonly<Record<string, unknown>>

export const less = (was: number): number => was - 1
export const more = (was: number): number => was + 1

const text = (octets: Uint8Array): string => Buffer.from(octets).toString()
export const recordOf = ({ bytes }: Pick<StoredRecord, 'bytes'>): AnyRecord =>
  JSON.parse(text(bytes)) as AnyRecord

export const statementIn = (envelope: Uint8Array | undefined): Members =>
  JSON.parse(text(open(envelope!)!.payload)) as Members

/** What the envelope says, edited. */
function edited(envelope: Uint8Array | undefined, edits: Edits): Members {
  const statement = statementIn(envelope)
  for (const [way, value] of Object.entries(edits)) {
    const names = way.split('.')
    const last = names.pop()!
    const within = names.reduce((object, name) => object[name] as Members, statement)
    const of = value as (was: unknown) => unknown
    if (value === undefined) Reflect.deleteProperty(within, last)
    else within[last] = typeof value === 'function' ? of(within[last]) : value
  }
  return statement
}

export const writtenOf = ({ bytes, envelopes }: StoredRecord): WrittenRecord => ({
  record: text(bytes),
  envelopes: envelopes.map(text),
})

/** The same record with other members. */
export const says = (stored: StoredRecord, members: Members): WrittenRecord => ({
  ...writtenOf(stored),
  record: canonicalize({ ...recordOf(stored), ...members }),
})

/** The same envelopes' place with others, and members that name them. */
export const saying = (
  stored: StoredRecord,
  envelopes: readonly Uint8Array[],
  members: Members,
): WrittenRecord => ({ ...says(stored, members), envelopes: envelopes.map(text) })

/** Of what one voter alone decided: another proposal, signed by them, and their vote about it. */
export function decidedAlone(stored: StoredRecord, by: SeededVoter, edits: Edits): WrittenRecord {
  const proposal = edited(stored.envelopes[0], edits)
  const proposing = by.envelope(payloadTypes.proposal, proposal)
  const { digest } = open(proposing)!
  const voting = by.envelope(
    payloadTypes.vote,
    edited(stored.envelopes[1], {
      subject: [{ name: proposalId(digest), digest: { sha256: digest } }],
      'predicate.slot': slotOf(proposal as unknown as Proposal),
    }),
  )
  return saying(stored, [proposing, voting], { prop: digest, votes: [open(voting)!.digest] })
}

/** Of a proposal that waits for votes: another, signed by its author. */
export function opens(stored: StoredRecord, by: SeededVoter, edits: Edits): WrittenRecord {
  const proposal = edited(stored.envelopes[0], edits)
  const envelope = by.envelope(payloadTypes.proposal, proposal)
  const { digest } = open(envelope)!
  return saying(stored, [envelope], {
    prop: digest,
    says: digest,
    subject: proposal['subject'],
  })
}

/** Of what several sign: another statement, signed by these. */
export function signs(
  stored: StoredRecord,
  by: readonly SeededVoter[],
  edits: Edits = {},
): WrittenRecord {
  const { payloadType } = open(stored.envelopes[0]!)!
  const statement = edited(stored.envelopes[0], edits)
  const envelopes = by.map((one) => one.envelope(payloadType, statement))
  const { digest } = open(envelopes[0]!)!
  const said = 'says' in recordOf(stored) ? { says: digest } : {}
  // A vote and a withdrawal are about a proposal, which stays.
  const isAbout = ['vote', 'withdrawal'].includes(recordOf(stored).kind)
  return saying(stored, envelopes, isAbout ? said : { prop: digest, ...said })
}
