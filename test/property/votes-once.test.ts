import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { canonicalize } from '../../src/core/canonical-json.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { open, payloadTypes } from '../../src/namespace/dsse.js'
import type { ProposalView } from '../../src/namespace/proposal-view.js'
import { type Vote, slotOf } from '../../src/namespace/statements.js'
import { threeVoters } from '../namespace/given-group.js'
import { type GivenIndex, givenIndex, owner, valueOf } from '../namespace/given-index.js'
import { TestVoter } from '../support/voters.js'

const people = [new TestVoter('ann'), new TestVoter('bob', 'ES256'), new TestVoter('cyd')] as const

/** The same words in two indexes of the same people: an entry, and four proposals about it. */
const requests: readonly ChangeRequest[] = [
  { op: 'entry.update', alias: 'shop/web', labels: { tier: '1' } },
  { op: 'entry.update', alias: 'shop/db', labels: { tier: '1' } },
  { op: 'entry.create', alias: 'shop/api', owner },
  { op: 'scope.create', alias: 'shop/eu' },
]

const everybody = { narrowing: 300, routine: 300, sensitive: 300, structural: 300, emergency: 300 }

interface Side {
  readonly given: GivenIndex
  readonly proposals: readonly ProposalView[]
}

/** An index in which all three have to say yes. */
async function side(): Promise<Side> {
  const given = await givenIndex(
    { op: 'entry.create', alias: 'shop/web', owner },
    { op: 'entry.create', alias: 'shop/db', owner },
  )
  const { index, clock } = given
  const terms = { threshold: everybody, acceptsSinglePointOfLoss: true as const }
  const group = threeVoters(given, people, terms)
  const made = valueOf(await index.change({ op: 'group.set', alias: '', group }))
  if (made.kind !== 'waits') throw new Error('it was made at once')
  const asked = valueOf(await index.proposal(made.proposal))
  for (const voter of people) {
    valueOf(await index.submit([voter.vote(asked, 'approve', clock.now())]))
  }
  const proposals: ProposalView[] = []
  for (const request of requests) {
    const waits = valueOf(await index.change(request))
    if (waits.kind === 'waits') proposals.push(valueOf(await index.proposal(waits.proposal)))
  }
  return { given, proposals }
}

interface Cast {
  readonly of: number
  readonly about: number
  readonly voter: TestVoter
  readonly envelope: Uint8Array
}

/** What a vote about `from` says, put into one about `to` which its voter signs: one member each. */
function mixtures(by: TestVoter, envelope: Uint8Array, to: ProposalView): readonly Uint8Array[] {
  const { predicate, ...rest } = JSON.parse(Buffer.from(open(envelope)!.payload).toString()) as Vote
  const { proposal, digest } = to
  const signed = (vote: unknown) => by.envelope(payloadTypes.vote, vote)
  const about = [{ name: to.id, digest: { sha256: digest } }]
  const other = [
    { index: proposal!.index },
    { scope: proposal!.scope },
    { slot: slotOf(proposal!) },
    { log: { size: to.record + 1, head: to.open!.head } },
  ].filter((change) => canonicalize({ ...predicate, ...change }) !== canonicalize(predicate))
  return [
    signed({ ...rest, subject: about, predicate }),
    ...other.map((change) => signed({ ...rest, predicate: { ...predicate, ...change } })),
    by.envelope(payloadTypes.withdrawal, { ...rest, predicate }),
    by.envelope(payloadTypes.proposal, { ...rest, predicate }),
  ]
}

describe('a vote', () => {
  it('counts once, for the proposal that it names, in its index, whatever comes in whatever order', async () => {
    let refused = 0
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat()), async (stream) => {
        const sides = [await side(), await side()]
        const good: Cast[] = sides.flatMap(({ given, proposals }, of) =>
          proposals.flatMap((proposal, about) =>
            people.map((voter): Cast => {
              const envelope = voter.vote(proposal, 'approve', given.clock.now())
              return { of, about, voter, envelope }
            }),
          ),
        )
        const pick = <T>(all: readonly T[]): T => all[stream.next().value % all.length]!
        const all = sides.flatMap(({ proposals }) => proposals)
        /** Who is known to have approved: by index and proposal. */
        const counted = new Map<string, Set<string>>()
        for (let round = 0; round < 60; round += 1) {
          const cast = pick(good)
          const where = pick([cast.of, cast.of, 1 - cast.of])
          const { index } = sides[where]!.given
          const key = `${cast.of} ${cast.about}`
          const known = counted.get(key) ?? new Set<string>()
          if (pick([0, 1]) === 0) {
            const mixed = pick(mixtures(cast.voter, cast.envelope, pick(all)))
            const isItself = open(mixed)?.digest === open(cast.envelope)?.digest
            if (!isItself) expect((await index.submit([mixed])).ok).toBe(false)
            if (!isItself) refused += 1
          } else {
            const isNew = where === cast.of && !known.has(cast.voter.id)
            expect((await index.submit([cast.envelope])).ok).toBe(isNew)
            if (isNew) counted.set(key, known.add(cast.voter.id))
          }
          await agree(sides, counted)
        }
      }),
      { numRuns: 12 },
    )
    expect(refused).toBeGreaterThan(200)
  })
})

/** Each proposal has the approvals that it was given, and is made exactly when they are all there. */
async function agree(
  sides: readonly Side[],
  counted: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<void> {
  for (const [of, { given, proposals }] of sides.entries()) {
    for (const [about, { id, digest }] of proposals.entries()) {
      const yes = counted.get(`${of} ${about}`)?.size ?? 0
      const view = valueOf(await given.index.proposal(id))
      const made = given.store.records.filter(({ bytes, envelopes }) => {
        const text = Buffer.from(bytes).toString()
        return envelopes.length === 0 && text.includes(`"prop":"${digest}"`)
      })
      expect([of, about, view.standing]).toEqual([of, about, yes === 3 ? 'committed' : 'open'])
      expect(made).toHaveLength(yes === 3 ? 1 : 0)
      if (yes < 3) expect(view.open?.sides?.present.yes).toBe(100 * yes)
    }
  }
}
