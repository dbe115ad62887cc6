import { describe, expect, it } from '@jest/globals'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import { DraftLog } from '../../../src/namespace/draft-log.js'
import { proposeTogether } from '../../../src/namespace/propose-together.js'
import type { Why } from '../../../src/namespace/unsigned-proposal.js'
import { groupOf, TestVoter } from '../../support/voters.js'
import { type GivenGroup, givenGroup } from '../given-group.js'
import { type GivenIndex, givenIndex, owner, valueOf } from '../given-index.js'

const creation = (name: string) => ({ op: 'entry.create', alias: name, owner }) as const

/** Each of them as `op alias`, or `waits op`; how many were told of as it went; what there would be. */
async function together(given: GivenIndex, requests: readonly ChangeRequest[], why: Why = {}) {
  const draft = new DraftLog(given.store.state)
  const told: number[] = []
  const freeze = () => Promise.resolve(undefined)
  const made = await proposeTogether(
    { ...given.deps, freeze },
    draft,
    { requests, why },
    (done): undefined => {
      told.push(done)
    },
  )
  if (!made.ok) return { code: made.refusal.code, told, draft }
  const words = made.value.map((one) =>
    one.kind === 'waits' ? `waits ${one.op}` : `${one.change.op} ${one.change.alias}`,
  )
  return { made: words, told, draft, ids: made.value }
}

/** A root that the installation decides about alone, and `shop` below it that Dan does. */
async function danBelow(): Promise<GivenIndex> {
  const given = await givenIndex({ op: 'scope.create', alias: 'shop' })
  const { index } = given
  const dan = new TestVoter('dan')
  const one = { narrowing: 1, routine: 1, sensitive: 1, structural: 1, emergency: 1 }
  const terms = { solo: true, threshold: one, minControllers: one }
  const group = groupOf([dan.voter(index.state.index, index.state.at, 1)], terms)
  const made = valueOf(await index.change({ op: 'group.set', alias: 'shop', group }))
  if (made.kind !== 'waits') throw new Error('it was made at once')
  const view = valueOf(await index.proposal(made.proposal))
  valueOf(await index.submit([dan.vote(view, 'approve', given.clock.now())]))
  return given
}

describe('several changes in one go', () => {
  it('are made one by one where one voter decides alone, each with its reason', async () => {
    const given = await givenIndex()
    const why = { reason: 'spring', ticket: 'T-1' }
    const wanted = [creation('a'), { op: 'entry.suspend', alias: 'a' }, creation('b')] as const
    const { made, told, draft } = await together(given, wanted, why)
    expect(made).toEqual(['entry.create a', 'entry.suspend a', 'entry.create b'])
    expect(told).toEqual([1, 2, 3])
    for (const { envelopes } of draft.records) {
      const { payload } = JSON.parse(Buffer.from(envelopes[0]!).toString()) as { payload: string }
      expect(JSON.parse(Buffer.from(payload, 'base64').toString())).toMatchObject(why)
    }
    expect(draft.records).toHaveLength(3)
  })

  it('are one proposal where others decide, made on what those before would leave', async () => {
    const given = await givenGroup()
    const wanted = [creation('a'), { op: 'entry.suspend', alias: 'a' }, creation('b')] as const
    const { made, told, draft } = await together(given, wanted)
    expect(made).toEqual(['waits changes'])
    expect(told).toEqual([1, 2, 3])
    expect(draft.records).toHaveLength(1)
    expect((await together(given, [creation('a')])).made).toEqual(['waits entry.create'])
    expect((await together(given, [])).made).toEqual([])
  })

  it('are made and asked for side by side, each on what the others leave', async () => {
    const given = await danBelow()
    const rule = { id: 'r', callers: ['pay/api'], ports: [80] }
    const wanted: readonly ChangeRequest[] = [
      creation('web'),
      creation('shop/a'),
      creation('pay/api'),
      { op: 'rule.attach', alias: 'shop/a', rule },
    ]
    const { made, told } = await together(given, wanted)
    expect(made).toEqual(['entry.create web', 'entry.create pay/api', 'waits changes'])
    expect(told).toEqual([1, 2, 3, 4])
  })

  it('are not proposed again while they wait, and are in other words', async () => {
    const given = await givenGroup()
    const document = (name: string) => ({
      apiVersion: 'capstan/v1',
      entries: [{ alias: name, owner }],
    })
    const [first] = valueOf(await given.index.apply(document('a')))
    const { ids, draft } = await together(given, [
      { op: 'entry.create', alias: 'a', owner, envelope: {}, bindings: [], labels: {} },
    ])
    expect(ids).toEqual([first])
    expect(draft.records).toEqual([])
    expect((await together(given, [creation('b')])).ids).not.toEqual([first])
  })
})

describe('several changes of which one is refused', () => {
  type Case = readonly [
    string,
    () => Promise<GivenIndex | GivenGroup>,
    readonly ChangeRequest[],
    string,
    Why?,
  ]
  const guarded = () =>
    givenIndex(
      { op: 'scope.create', alias: 'pay' },
      {
        op: 'guard.set',
        alias: 'pay',
        guard: { id: 'g', effect: 'minThreshold', least: { routine: 1000, sensitive: 1000 } },
      },
    )
  it.each<Case>([
    [
      'about nothing there is',
      givenGroup,
      [creation('a'), { op: 'entry.suspend', alias: 'b' }],
      'namespace.unknown',
    ],
    [
      'that a guard forbids who decides alone',
      guarded,
      [creation('a'), creation('pay/a')],
      'namespace.guard-forbids',
    ],
    [
      'that could not take effect',
      givenGroup,
      [creation('a'), creation('a')],
      'namespace.alias-taken',
    ],
    [
      'that nobody here may propose',
      () => givenGroup({ proposers: [] }),
      [creation('a')],
      'namespace.no-vote',
    ],
    [
      'with a reason that cannot be written',
      givenIndex,
      [creation('a')],
      'namespace.malformed',
      { reason: '\ud800' },
    ],
    [
      'with a reason, and nothing else',
      givenIndex,
      [],
      'namespace.malformed',
      { reason: '\ud800' },
    ],
  ])('are all refused: one %s', async (_, world, requests, code, why = {}) => {
    const given = await world()
    const size = given.store.records.length
    expect((await together(given, requests, why)).code).toBe(code)
    expect(given.store.records).toHaveLength(size)
  })
})
