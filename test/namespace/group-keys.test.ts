import { describe, expect, it } from '@jest/globals'
import { hours } from '../../src/core/time.js'
import type { Group, Voter } from '../../src/namespace/group.js'
import type { GroupTerms } from '../../src/namespace/operation.js'
import { isSound } from '../../src/namespace/sound-group.js'
import { T0 } from '../support/fake-clock.js'
import { groupOf, TestVoter } from '../support/voters.js'

const INDEX = 'a'.repeat(64)
const [ann, bob, cyd, dan] = ['ann', 'bob', 'cyd', 'dan'].map((id) => new TestVoter(id)) as [
  TestVoter,
  TestVoter,
  TestVoter,
  TestVoter,
]
const three = [ann, bob, cyd].map((voter) => voter.voter(INDEX, T0))
const sound = groupOf(three)
const { minControllers } = sound

const refusalOf = (terms: GroupTerms, before: Group | null = null) => {
  const result = isSound({ ...terms, rev: 1 }, { index: INDEX, before })
  return result.ok ? undefined : result.refusal
}

describe('a key of a group', () => {
  const [key] = three[0]!.keys
  const { proof: _proof, ...bare } = key!
  const listed = (keys: Voter['keys']): GroupTerms => ({
    ...sound,
    voters: [{ ...three[0]!, keys }, three[1]!, three[2]!],
  })

  it('says whose it is, where it may not be there', () => {
    const wrong = { ...key!, thumbprint: 'B'.repeat(43) }
    expect(refusalOf(listed([wrong]))).toMatchObject({
      code: 'namespace.group-invalid',
      detail: 'a key may not sign',
      wanted: 'a P-256 key, or an Ed25519 key of prime order, with its own thumbprint',
      found: `ann: ${'B'.repeat(43)}`,
    })
    expect(refusalOf(listed([key!, key!]))).toMatchObject({
      code: 'namespace.group-invalid',
      detail: 'one key is listed twice',
      wanted: 'every key once',
      found: `ann: ${key!.thumbprint}`,
    })
  })

  it.each([
    ['recovery', ' --recovery'],
    ['emergency', ' --emergency'],
    ['voter', ''],
  ] as const)('is proved for what it is listed for: %s', (role, flag) => {
    const { id, controller } = dan
    const holders = (kind: typeof role) => [
      { id, controller, keys: [dan.key(INDEX, T0, dan, kind)] },
    ]
    const grants = [
      {
        ...{ name: 'oncall', acts: ['allow'], under: '', who: ['dan'], threshold: 1, uses: 1 },
        ...{ longest: hours(1), coolDown: hours(1) },
      },
    ]
    const listedFor = (kind: typeof role): GroupTerms =>
      ({
        recovery: {
          ...sound,
          recovery: { holders: holders(kind), threshold: 1, delay: hours(72) },
        },
        emergency: { ...sound, emergency: { holders: holders(kind), grants } },
        voter: { ...sound, proposers: holders(kind) },
      })[role] as unknown as GroupTerms
    for (const kind of ['recovery', 'emergency', 'voter'] as const) {
      const refusal = refusalOf(listedFor(kind))
      if (kind === role) expect(refusal?.detail ?? '').not.toMatch(/proved/)
      else {
        expect(refusal).toMatchObject({
          detail: "a key is not proved to be in its holder's hands",
          next: `its holder runs: capstan voter enrol${flag}`,
        })
      }
    }
  })

  it('needs no proof again of who had it, in the same role and by the same name', () => {
    const before = { ...sound, rev: 1 }
    expect(refusalOf(listed([bare]), before)).toBeUndefined()
    const proposers = [{ id: 'zoe', controller: ann.controller, keys: [bare] }]
    const moved = { ...groupOf(three.slice(1), { proposers }), minControllers }
    expect(refusalOf(moved, before)?.detail).toMatch(/not proved/)
    const asHolder = {
      ...groupOf([...three.slice(1), dan.voter(INDEX, T0)]),
      recovery: {
        holders: [{ id: 'ann', controller: ann.controller, keys: [bare] }],
        ...{ threshold: 1, delay: hours(72) },
      },
    }
    expect(refusalOf(asHolder, before)?.detail).toMatch(/not proved/)
    // One of the two keys that somebody had is carried over, and the other is not used any more.
    const second = new TestVoter('ann-2').key(INDEX, T0, ann)
    const two = { ...sound, voters: listed([second, key!]).voters, rev: 1 }
    expect(refusalOf(listed([bare]), two)).toBeUndefined()
    const fresh = dan.voter(INDEX, T0).keys.map(({ proof: _own, ...rest }) => rest)
    expect(refusalOf(listed(fresh), before)?.detail).toMatch(/not proved/)
  })
})
