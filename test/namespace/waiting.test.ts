import { describe, expect, it } from '@jest/globals'
import { days, hours, plus } from '../../src/core/time.js'
import { LiveIndex } from '../../src/namespace/live-index.js'
import { canonicalState } from '../../src/namespace/state.js'
import type { TestVoter } from '../support/voters.js'
import { givenGroup } from './given-group.js'
import { alias, codeOf, type GivenIndex, owner, valueOf } from './given-index.js'
import { givenTwo, signed } from './given-two-groups.js'

async function replaysTheSame({ index, deps }: GivenIndex): Promise<void> {
  expect(codeOf(await index.verify())).toBe('ok')
  const again = valueOf(await LiveIndex.open(deps))
  expect(canonicalState(again.state)).toBe(canonicalState(index.state))
}

describe('a proposal that went stale', () => {
  it('does not come back when the scope that was suspended is active again', async () => {
    const given = await givenTwo({ timelock: { sensitive: hours(24) } })
    const [dan, eve, fay] = given.others
    const model = await given.proposed({ op: 'entry.create', alias: 'shop/web', owner })
    const envelope = signed(dan, model)
    const { proposal } = valueOf(await given.index.submit([envelope]))
    await given.votes(dan, proposal)
    expect((await given.votes(eve, proposal)).proposal.standing).toBe('scheduled')
    const suspended = await given.proposed({ op: 'scope.suspend', alias: 'shop' })
    await given.votes(given.ann, suspended)
    expect((await given.proposal(proposal.id)).standing).toBe('stale')
    expect(await given.codeOfVote(fay, proposal, 'reject')).toBe('namespace.closed')
    await given.agreed({ op: 'scope.reactivate', alias: 'shop' })
    given.clock.set(plus(given.now(), hours(24)))
    expect((await given.proposal(proposal.id)).standing).toBe('stale')
    expect(await given.index.settle()).toEqual([])
    await replaysTheSame(given)
  })
})

describe('what one person proposes', () => {
  it('leaves room for what others do', async () => {
    const given = await givenGroup()
    const model = await given.proposed({ op: 'entry.create', alias: 'shop/web', owner })
    const opens = async (by: TestVoter, name: string) =>
      codeOf(await given.index.submit([signed(by, model, { subject: { alias: alias(name) } })]))
    for (let n = 0; n < 100; n += 1) expect(await opens(given.ann, `shop/n${n}`)).toBe('ok')
    expect(await opens(given.ann, 'shop/more')).toBe('namespace.too-many')
    expect(await opens(given.bob, 'shop/more')).toBe('ok')
    given.clock.set(plus(given.now(), days(8)))
    expect(
      codeOf(await given.index.change({ op: 'entry.create', alias: 'shop/later', owner })),
    ).toBe('ok')
  }, 60_000)
})
