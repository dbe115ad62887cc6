import { canonicalize } from '../../src/core/canonical-json.js'
import { open, payloadTypes } from '../../src/namespace/dsse.js'
import { recordHash } from '../../src/namespace/log-record.js'
import type { StoredRecord } from '../../src/namespace/ports.js'
import type { SeededVoter } from '../support/seeded-voter.js'
import type { BadLog, WrittenRecord } from './governance-shapes.js'
import type { GovernedLog } from './governed-log.js'

type Members = Record<string, unknown>

const parsed = (text: string): Members => JSON.parse(text) as Members
const writtenOf = ({ bytes, envelopes }: StoredRecord): WrittenRecord => ({
  record: Buffer.from(bytes).toString(),
  envelopes: envelopes.map((octets) => Buffer.from(octets).toString()),
})

/** Logs of which everything before is good, and one record is not: by whoever can write the log. */
export function badLogs({ store, people }: GovernedLog): BadLog[] {
  const [ann, bob] = people
  const log = store.records.map(writtenOf)
  const kinds = log.map(({ record }) => parsed(record)['kind'] as string)
  const first = (kind: string, from = 0): number => {
    const at = kinds.indexOf(kind, from)
    if (at < 0) throw new Error(`no ${kind} from ${from}`)
    return at
  }
  const changed = (what: string, at: number, change: Members): BadLog => ({
    what,
    from: at,
    records: [{ ...log[at]!, record: canonicalize({ ...parsed(log[at]!.record), ...change }) }],
  })
  const opening = first('open')
  const vote = first('vote')
  const commit = first('commit', vote)
  const entry = first('open', commit)
  const voted = first('vote', entry)
  const brake = first('brake')
  const evidence = first('evidence')
  const made = commitOf(log, kinds, entry)
  // The last change before the brake: it waited for its timelock.
  const waited = kinds.lastIndexOf('commit', brake)
  return [
    changed('a genesis of another time', 0, { ts: 1_795_219_201 }),
    changed('another number', opening, { seq: opening + 1 }),
    changed('another record before it', opening, { chain: 'a'.repeat(64) }),
    changed('earlier than the record before it', opening, { ts: 1_795_219_199 }),
    changed('another term', opening, { epoch: 2 }),
    changed('a member that nobody knows', opening, { note: 'x' }),
    { what: 'another spelling', from: vote, records: [spaced(log[vote]!)] },
    { what: 'no envelope', from: vote, records: [{ ...log[vote]!, envelopes: [] }] },
    ...forgedVotes(log, { at: voted, ann, bob }),
    {
      what: 'a change without its second vote',
      from: voted + 1,
      records: [early(log, voted, made)],
    },
    changed('a change of another class', made, { class: 'narrowing' }),
    changed('a change that leaves a vote out', made, { votes: [] }),
    changed('a change of another subject', made, {
      subject: { alias: 'pay/api', uid: `e${'a'.repeat(31)}` },
    }),
    changed('a change of another revision', made, { rev: 2 }),
    changed('a change that says another state before', made, { before: 'b'.repeat(64) }),
    changed('a change that says another state after', made, { after: 'b'.repeat(64) }),
    changed('a change of another group', made, { group: { uid: `s${'a'.repeat(31)}`, rev: 2 } }),
    changed('a change before its time', waited, {
      ts: parsed(log[waited - 1]!.record)['ts'],
    }),
    changed('a brake that is no emergency', brake, { class: 'narrowing' }),
    {
      what: 'evidence that is one vote twice',
      from: evidence,
      records: [twice(log[evidence]!)],
    },
  ]
}

/** The record that the votes about an open proposal led to. */
function commitOf(
  log: readonly WrittenRecord[],
  kinds: readonly string[],
  opening: number,
): number {
  const { prop } = parsed(log[opening]!.record)
  return log.findIndex(
    ({ record }, at) => kinds[at] === 'commit' && parsed(record)['prop'] === prop,
  )
}

const spaced = ({ record, envelopes }: WrittenRecord): WrittenRecord => ({
  record: record.replace(',', ', '),
  envelopes,
})

/** The change as it was made, in the place of the vote that carried it. */
function early(log: readonly WrittenRecord[], at: number, made: number): WrittenRecord {
  const { votes, ...rest } = parsed(log[made]!.record)
  const chain = recordHash(Buffer.from(log[at]!.record))
  const [one] = votes as readonly string[]
  return {
    record: canonicalize({ ...rest, votes: [one], seq: at + 1, chain }),
    envelopes: [],
  }
}

interface Voted {
  readonly at: number
  readonly ann: SeededVoter
  readonly bob: SeededVoter
}

function forgedVotes(log: readonly WrittenRecord[], { at, ann, bob }: Voted): readonly BadLog[] {
  const { record, envelopes } = log[at]!
  const payload = Buffer.from((parsed(envelopes[0]!) as { payload: string }).payload, 'base64')
  const vote = JSON.parse(payload.toString()) as { predicate: Members; subject: unknown }
  const voting = (what: string, by: SeededVoter, change: unknown): BadLog => {
    const envelope = by.envelope(payloadTypes.vote, change)
    const says = open(envelope)!.digest
    return {
      what,
      from: at,
      records: [
        {
          record: canonicalize({ ...parsed(record), says }),
          envelopes: [Buffer.from(envelope).toString()],
        },
      ],
    }
  }
  const { predicate } = vote
  const says = (more: Members): unknown => ({ ...vote, predicate: { ...predicate, ...more } })
  const subject = [{ name: 'other', digest: { sha256: 'a'.repeat(64) } }]
  return [
    voting('a vote in the name of another', bob, says({})),
    voting('a vote of nobody in the group', ann, says({ voter: 'zoe' })),
    voting('a vote of another index', ann, says({ index: 'f'.repeat(64) })),
    voting('a vote of another group', ann, says({ scope: { uid: `s${'a'.repeat(31)}`, rev: 1 } })),
    voting('a vote of another slot', ann, says({ slot: { id: 'alias:pay/other', rev: 0 } })),
    voting('a vote in another log', ann, says({ log: { size: 1, head: 'a'.repeat(64) } })),
    voting('a vote about another proposal', ann, { ...vote, subject }),
    voting('a vote of the time to come', ann, says({ cast: 1_895_219_200 })),
  ]
}

function twice({ record, envelopes }: WrittenRecord): WrittenRecord {
  const members = parsed(record) as { votes: readonly string[] }
  const [one] = members.votes
  const [first] = envelopes
  return {
    record: canonicalize({ ...members, votes: [one, one] }),
    envelopes: [first!, first!],
  }
}
