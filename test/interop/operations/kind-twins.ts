import type { AnyRecord } from '../../../src/namespace/log-record.js'
import type { StoredRecord } from '../../../src/namespace/ports.js'
import type { GivenLog } from './given-log.js'
import { less, more, opens, recordOf, says, signs } from './restated.js'
import type { Forged } from './shapes.js'

/** Of each kind of record: one that its statement, its signers or the time do not allow. */
export function kindTwins(given: GivenLog): readonly Forged[] {
  const { records } = given.store
  const { local, ann, bob, cyd, h1, r1, r2, r3 } = given.who
  const first = (kind: AnyRecord['kind'], then = 0): StoredRecord => {
    const found = records.filter((stored) => recordOf(stored).kind === kind)[then]
    if (!found) throw new Error(`no ${kind}`)
    return found
  }
  const twin = (
    of: AnyRecord['kind'],
    what: string,
    make: (stored: StoredRecord) => Forged['records'][number],
    stored = first(of),
  ): Forged => ({ of, what, from: stored.seq, records: [make(stored)] })
  const voted = records.find((stored) => {
    const { kind, subject } = recordOf(stored)
    return kind === 'commit' && stored.envelopes.length === 0 && subject.alias === 'shop/cart'
  })!
  // The vote before it is the one that carries it.
  const carrying = records[voted.seq - 1]!

  return [
    twin('genesis', 'signed by another', (one) => signs(one, [ann])),
    twin('genesis', 'of another time', (one) => signs(one, [local], { created: more })),
    twin('open', 'signed by another', (one) => opens(one, ann, {})),
    twin('open', 'that waits too short', (one) =>
      opens(one, local, { expires: recordOf(one).ts + 599 }),
    ),
    twin('vote', 'signed by another', (one) => signs(one, [cyd])),
    twin('vote', 'in another log', (one) =>
      signs(one, [ann], { 'predicate.log.head': 'a'.repeat(64) }),
    ),
    twin('vote', 'the same again', () => again(carrying, records[carrying.seq - 1]!), carrying),
    twin('withdrawal', 'by somebody else', (one) => signs(one, [ann])),
    {
      of: 'commit',
      what: 'before the vote that carries it',
      from: carrying.seq,
      records: [says(voted, { seq: carrying.seq, chain: chainOf(carrying) })],
    },
    twin('commit', 'in the name of a group that is another', (one) =>
      says(one, { group: { uid: recordOf(one).subject.uid, rev: 9 } }),
    ),
    twin('evidence', 'one vote twice', (one) => {
      const [vote] = one.envelopes
      const { votes } = recordOf(one) as { readonly votes: readonly string[] }
      return {
        record: says(one, { votes: [votes[0], votes[0]] }).record,
        envelopes: [vote!, vote!].map((octets) => Buffer.from(octets).toString()),
      }
    }),
    twin('brake', 'longer than the group allows', (one) => signs(one, [bob], { ttl: 43_201 })),
    twin('brake', 'of a revision that is over', (one) => signs(one, [bob], { 'base.rev': less })),
    twin('brake', 'in the name of another', (one) => signs(one, [cyd])),
    twin('emergency', 'by one alone, where it takes two', (one) =>
      signs(one, [h1], { by: ['h1'] }),
    ),
    twin('emergency', 'of a grant that there is not', (one) =>
      signs(one, [ann, h1], { grant: 'nights' }),
    ),
    twin('emergency', 'longer than the grant', (one) => signs(one, [ann, h1], { ttl: 7201 })),
    twin('drill', 'that is none', (one) => signs(one, [ann, h1], { drill: undefined })),
    twin('recovery-start', 'by one of them, where it takes two', (one) =>
      signs(one, [r1], { holders: ['r1'] }),
    ),
    twin('recovery-start', 'in the name of another', (one) => signs(one, [r1, r3])),
    twin('recovery-start', 'of a group that is over', (one) =>
      signs(one, [r1, r2], { from: less }),
    ),
    twin('recovery-cancel', 'of a recovery that is another', (one) =>
      signs(one, [bob], { recovery: 'a'.repeat(64) }),
    ),
    twin('recovery-finish', 'a second before it is due', (one) =>
      says(one, { ts: recordOf(one).ts - 1 }),
    ),
  ]
}

const chainOf = (stored: StoredRecord): string => recordOf(stored).chain!

/** An earlier vote of the same voter, in the place of another record. */
const again = (place: StoredRecord, vote: StoredRecord): Forged['records'][number] =>
  says(
    { ...vote, seq: place.seq },
    { seq: place.seq, chain: chainOf(place), ts: recordOf(place).ts },
  )
