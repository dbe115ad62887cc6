import { describe, expect, it } from '@jest/globals'
import { LiveIndex } from '../../src/namespace/live-index.js'
import type { GroupTerms } from '../../src/namespace/operation.js'
import { canonicalState } from '../../src/namespace/state.js'
import { TestVoter } from '../support/voters.js'
import { threeVoters } from './given-group.js'
import { codeOf, type GivenIndex, givenIndex, owner, valueOf } from './given-index.js'

async function replaysTheSame({ index, deps }: GivenIndex): Promise<void> {
  expect(codeOf(await index.verify())).toBe('ok')
  const again = valueOf(await LiveIndex.open(deps))
  expect(canonicalState(again.state)).toBe(canonicalState(index.state))
}

describe('a solo index', () => {
  it('is refused a second proposal of its voters beside the first, and keeps the first', async () => {
    const given = await givenIndex()
    const people = [new TestVoter('ann'), new TestVoter('bob'), new TestVoter('cyd')] as const
    const group = threeVoters(given, people)
    const first = valueOf(await given.index.change({ op: 'group.set', alias: '', group }))
    if (first.kind !== 'waits') throw new Error('committed')
    const second = await given.index.change({
      op: 'group.set',
      alias: '',
      group: { ...group, acceptsSinglePointOfLoss: true },
    })
    expect(codeOf(second)).toBe('namespace.equivocation')
    expect(second).toMatchObject({
      refusal: {
        next: `let its voters end it: capstan vote ${first.proposal} --reject; or wait until it expires`,
      },
    })
    expect(given.index.proposals().map(({ id }) => id)).toEqual([first.proposal])
  })

  it('with several voters makes at once what the installation decides alone', async () => {
    const given = await givenIndex()
    const { index, at, root } = given.index.state
    const [local] = root.group!.voters
    const ann = new TestVoter('ann')
    const one = { narrowing: 1, routine: 1, sensitive: 1, structural: 1, emergency: 1 }
    const half = { ...one, routine: 60, sensitive: 60, structural: 60 }
    const group: GroupTerms = {
      solo: true,
      voters: [{ ...local!, weight: 100 }, ann.voter(index, at, 10)],
      threshold: half,
      minControllers: one,
    }
    expect(valueOf(await given.index.change({ op: 'group.set', alias: '', group })).kind).toBe(
      'changed',
    )
    await given.did({ op: 'entry.create', alias: 'shop/web', owner })
    expect(given.entry('shop/web').state).toBe('active')
    expect(given.index.proposals()).toEqual([])
    await replaysTheSame(given)
  })
})
