import { describe, expect, it } from '@jest/globals'
import { hours, plus } from '../../src/core/time.js'
import { LiveIndex } from '../../src/namespace/live-index.js'
import { canonicalState } from '../../src/namespace/state.js'
import { codeOf, type GivenIndex, valueOf } from './given-index.js'
import { givenTwo } from './given-two-groups.js'

async function replaysTheSame({ index, deps }: GivenIndex): Promise<void> {
  expect(codeOf(await index.verify())).toBe('ok')
  const again = valueOf(await LiveIndex.open(deps))
  expect(canonicalState(again.state)).toBe(canonicalState(index.state))
}

describe('a move into the scope of others', () => {
  const move = { op: 'entry.rename', alias: 'payments/api', to: 'shop/api' } as const

  it('waits for their timelock', async () => {
    const given = await givenTwo({ timelock: { sensitive: hours(1) } })
    const [dan, eve] = given.others
    const proposal = await given.proposed(move)
    for (const voter of [given.ann, given.bob, dan, eve]) await given.votes(voter, proposal)
    expect((await given.proposal(proposal.id)).open?.due).toBe(plus(given.now(), hours(1)))
    given.clock.set(plus(given.now(), hours(1)))
    expect((await given.index.settle()).map(({ op }) => op)).toEqual(['entry.rename'])
    await replaysTheSame(given)
  })

  it('may be vetoed by them in that time', async () => {
    const given = await givenTwo({ timelock: { sensitive: hours(1) } })
    const [dan, eve, fay] = given.others
    const proposal = await given.proposed(move)
    for (const voter of [given.ann, given.bob, dan, eve]) await given.votes(voter, proposal)
    expect((await given.votes(fay, proposal, 'reject')).proposal.standing).toBe('vetoed')
    await replaysTheSame(given)
  })
})
