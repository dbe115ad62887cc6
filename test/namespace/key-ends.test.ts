import { describe, expect, it } from '@jest/globals'
import { hours, minutes, plus } from '../../src/core/time.js'
import { payloadTypes } from '../../src/namespace/dsse.js'
import type { Operation } from '../../src/namespace/operation.js'
import { groupOf } from '../support/voters.js'
import { type GivenGroup, givenGroup } from './given-group.js'
import { codeOf, givenIndex, owner, valueOf } from './given-index.js'
import { handSigned } from './given-proposal.js'
import { replaysTheSame } from './replays-the-same.js'

const entry = { op: 'entry.create', alias: 'payments/api', owner } as const

const suspension = (given: GivenGroup): Operation => {
  const { uid, alias } = given.entry('a/b')
  return { op: 'entry.suspend', subject: { uid, alias }, body: {} }
}

/** A group in which Ann's key has one more hour, and then a proposal of hers; the hour is over. */
async function givenEnded(): Promise<GivenGroup & { readonly asked: Uint8Array }> {
  const given = await givenGroup({}, { ...entry, alias: 'a/b' })
  const { ann, bob, cyd, index } = given
  const { state } = index
  const voters = [ann, bob, cyd].map((one) => one.voter(state.index, state.at))
  const until = plus(given.now(), hours(1))
  const ended = voters.map((voter) =>
    voter.id === 'ann' ? { ...voter, keys: voter.keys.map((key) => ({ ...key, until })) } : voter,
  )
  const { proposers = [] } = state.root.group!
  await given.agreed({ op: 'group.set', alias: '', group: groupOf(ended, { proposers }) })
  const asked = handSigned(state, ann, suspension(given), { at: given.now() })
  return { ...given, asked }
}

describe('a key that has ended', () => {
  it('signs nothing that counts, whatever time its statement names (attack 70)', async () => {
    const given = await givenEnded()
    const { ann, index, asked } = given
    const early = plus(given.now(), minutes(10))
    const proposal = await given.proposed(entry)
    const own = valueOf(await index.submit([asked])).proposal
    given.clock.set(plus(given.now(), hours(2)))
    expect(await given.codeOfVote(ann, proposal, 'approve', { cast: early })).toBe(
      'namespace.bad-signature',
    )
    const withdrawal = ann.envelope(payloadTypes.withdrawal, {
      v: 1,
      index: index.state.index,
      proposal: own.digest,
      author: { kind: 'voter', id: 'ann' },
      at: early,
    })
    expect(codeOf(await index.submit([withdrawal]))).toBe('namespace.bad-signature')
    const both = (['approve', 'reject'] as const).map((decision) =>
      ann.vote(proposal, decision, early),
    )
    expect(codeOf(await index.submit(both))).toBe('namespace.malformed')
    const late = handSigned(index.state, ann, suspension(given), { at: early })
    expect(codeOf(await index.submit([late]))).toBe('namespace.bad-signature')
    await replaysTheSame(given)
  })

  it('signs no change of a solo index either', async () => {
    const given = await givenIndex()
    const { index, clock } = given
    const { group } = index.state.root
    const until = plus(clock.now(), hours(1))
    const voters = group!.voters.map((voter) => ({
      ...voter,
      keys: voter.keys.map((key) => ({ ...key, until })),
    }))
    valueOf(await index.change({ op: 'group.set', alias: '', group: { voters, solo: true } }))
    await index.settle()
    expect(index.state.root.group?.rev).toBe(2)
    await given.did({ ...entry, alias: 'a/b' })
    clock.set(plus(clock.now(), hours(2)))
    expect(await given.codeFor(entry)).toBe('namespace.no-vote')
  })
})
