import { describe, expect, it } from '@jest/globals'
import { canonicalize } from '../../src/core/canonical-json.js'
import { sha256 } from '../../src/core/uid.js'
import { days, hours } from '../../src/core/time.js'
import type { EmergencyGrant } from '../../src/namespace/emergency/emergency.js'
import type { Group, Voter } from '../../src/namespace/group.js'
import type { GroupTerms } from '../../src/namespace/operation.js'
import { isSound } from '../../src/namespace/sound-group.js'
import type { Result } from '../../src/core/result.js'
import { T0 } from '../support/fake-clock.js'
import { groupOf, TestVoter } from '../support/voters.js'

const INDEX = 'a'.repeat(64)
const [ann, bob, cyd] = [new TestVoter('ann'), new TestVoter('bob', 'ES256'), new TestVoter('cyd')]
const three = [ann, bob, cyd].map((voter) => voter.voter(INDEX, T0))
const sound = groupOf(three)

const judged = (terms: GroupTerms, before: Group | null = null): Result<undefined> =>
  isSound({ ...terms, rev: 1 }, { index: INDEX, before })

const why = (terms: GroupTerms, before: Group | null = null): string => {
  const result = judged(terms, before)
  return result.ok ? 'ok' : `${result.refusal.detail}: ${result.refusal.found ?? ''}`
}

const withVoter = (at: number, change: Partial<Voter>): GroupTerms => ({
  ...sound,
  voters: three.map((voter, position) => (position === at ? { ...voter, ...change } : voter)),
})

describe('a group', () => {
  it('of three equals who decide by two is sound', () => {
    expect(why(sound)).toBe('ok')
  })

  it.each<[string, GroupTerms, string]>([
    ['one id twice', withVoter(1, { id: 'ann' }), 'two of the group have one id'],
    [
      'nobody active',
      { ...sound, voters: three.map((voter) => ({ ...voter, status: 'suspended' })) },
      'nobody could vote',
    ],
    [
      'thresholds of half (2t = W)',
      groupOf([...three, new TestVoter('dan').voter(INDEX, T0)], {
        threshold: { ...sound.threshold, routine: 200, sensitive: 250, structural: 250 },
      }),
      'two halves of the group could decide against each other: 200',
    ],
    [
      'a threshold nobody reaches',
      { ...sound, threshold: { ...sound.threshold, structural: 301 } },
      'a threshold that nobody could reach, or that needs nobody: 301',
    ],
    [
      'a graver change that needs less',
      { ...sound, threshold: { ...sound.threshold, routine: 200, sensitive: 160 } },
      'a graver change needs less than a lesser one',
    ],
    [
      'one voter who reaches the threshold alone, unsaid (attack 36)',
      {
        ...withVoter(0, { weight: 300 }),
        threshold: { ...sound.threshold, routine: 300, sensitive: 300, structural: 300 },
      },
      'one person could decide alone: ann',
    ],
    [
      'one person whose voters reach the threshold together',
      groupOf(
        [
          ...three,
          new TestVoter('ann-2', 'Ed25519', ann.controller).voter(INDEX, T0),
          new TestVoter('ann-3', 'Ed25519', ann.controller).voter(INDEX, T0),
        ],
        { minControllers: sound.minControllers },
      ),
      'one person could decide alone: ann@acme: 300',
    ],
    [
      'a timelock where one voter decides alone',
      {
        ...withVoter(0, { weight: 300 }),
        solo: true,
        threshold: { ...sound.threshold, routine: 300, sensitive: 300, structural: 300 },
        timelock: { structural: 3600 as never },
      },
      'what one voter decides alone is made at once',
    ],
    ['a false word that it is solo', { ...sound, solo: true }, 'it says it is solo, and is not'],
    [
      'one person enough to change the group',
      { ...sound, minControllers: { ...sound.minControllers, structural: 1 } },
      'one person could change who decides',
    ],
    [
      'more controllers than there are',
      { ...sound, minControllers: { ...sound.minControllers, routine: 4 } },
      'more controllers are needed than there are, or none: 4',
    ],
    [
      'one person behind all voters (attack 2)',
      groupOf(
        ['a', 'b', 'c'].map((id) => new TestVoter(id, 'Ed25519', 'same@acme').voter(INDEX, T0)),
      ),
      'more controllers are needed than there are, or none: 2',
    ],
    [
      'nothing decided any more without one voter',
      {
        ...sound,
        threshold: { ...sound.threshold, routine: 250, sensitive: 250, structural: 250 },
      },
      'without one voter nothing could be decided any more: 250',
    ],
    [
      'a timelock on what takes away',
      { ...sound, timelock: { narrowing: 1 as never } },
      'what takes power away must not wait',
    ],
    [
      'a timelock of a year',
      { ...sound, timelock: { structural: 31_536_000 as never } },
      'a timelock is too long',
    ],
    [
      'a brake that needs everybody',
      {
        ...sound,
        brake: { ttl: 3600 as never, perWeek: 3 },
        threshold: { ...sound.threshold, emergency: 300 },
      },
      'the brake needs more than a routine change',
    ],
  ])('is refused: %s', (_, terms, detail) => {
    expect(why(terms)).toContain(detail)
  })

  it('may say that it bears the loss of nobody', () => {
    const threshold = { ...sound.threshold, routine: 250, sensitive: 250, structural: 250 }
    expect(why({ ...sound, threshold, acceptsSinglePointOfLoss: true })).toBe('ok')
  })
})

describe('a key of a group', () => {
  const [key] = three[0]!.keys

  it('is in it once, also under another voter or in another spelling (attack 1)', () => {
    const copied = ann.key(INDEX, T0, bob)
    expect(why(withVoter(1, { keys: [copied] }))).toContain('one key is listed twice')
    expect(why(withVoter(0, { keys: [key!, key!] }))).toContain('one key is listed twice')
    const { jwk } = key!
    const spelled = { ...key!, jwk: { ...jwk, x: `${jwk.x}=` } as typeof jwk }
    expect(why(withVoter(0, { keys: [spelled] }))).toContain('a key may not sign')
    const renamed = { ...key!, thumbprint: 'A'.repeat(43) }
    expect(why(withVoter(0, { keys: [renamed] }))).toContain('a key may not sign')
  })

  it('is not one that signs everything (attack 3)', () => {
    for (const smallOrder of [
      '0100000000000000000000000000000000000000000000000000000000000000',
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    ]) {
      const x = Buffer.from(smallOrder, 'hex').toString('base64url')
      const jwk = { crv: 'Ed25519', kty: 'OKP', x } as const
      const thumbprint = Buffer.from(sha256(canonicalize(jwk))).toString('base64url')
      // R is the neutral point, and S is 0: under the first of them it verifies whatever was signed.
      const proof = Buffer.concat([Buffer.of(1), Buffer.alloc(63)]).toString('base64url')
      const weak = { ...key!, jwk, thumbprint, proof }
      expect(why(withVoter(0, { keys: [weak] }))).toContain('a key may not sign')
    }
    const offCurve = {
      ...key!,
      alg: 'ES256' as const,
      jwk: { crv: 'P-256', kty: 'EC', x: 'A'.repeat(43), y: 'A'.repeat(43) } as const,
    }
    expect(why(withVoter(0, { keys: [offCurve] }))).toContain('a key may not sign')
  })

  it('is not of another kind than it says (attack 9)', () => {
    expect(why(withVoter(0, { keys: [{ ...key!, alg: 'ES256' }] }))).toContain('a key may not sign')
  })

  it('is proved to be in the hands of whom it is listed for (attack 10)', () => {
    const { proof: _proof, ...bare } = key!
    const notProved = "a key is not proved to be in its holder's hands"
    expect(why(withVoter(0, { keys: [bare] }))).toContain(notProved)
    // Proved, but for another index, another voter or another person.
    for (const other of [
      ann.key('b'.repeat(64), T0),
      ann.key(INDEX, T0, { id: 'zoe', controller: ann.controller }),
      ann.key(INDEX, T0, { id: 'ann', controller: 'mallory@acme' }),
    ]) {
      expect(why(withVoter(0, { keys: [other] }))).toContain(notProved)
    }
    const before = { ...sound, rev: 1 }
    expect(why(withVoter(0, { keys: [bare] }), before)).toBe('ok')
    expect(why(withVoter(0, { keys: [bare], controller: 'mallory@acme' }), before)).toContain(
      notProved,
    )
  })
})

describe('a group is judged with what is beside its voters', () => {
  const holders = ['r1', 'r2', 'r3'].map((id) => new TestVoter(id).holder(INDEX, T0))
  const recovery = { holders, threshold: 2, delay: days(3) }
  const grant: EmergencyGrant = {
    ...{ name: 'oncall', acts: ['allow'], under: '' as EmergencyGrant['under'], who: ['ann'] },
    ...{ threshold: 1, longest: hours(1), coolDown: hours(1), uses: 3 },
  }
  const brake = { ttl: hours(1), perWeek: 3 }

  it('its recovery set: one alone, or too soon, replaces nobody', () => {
    expect(why({ ...sound, brake, recovery })).toBe('ok')
    expect(why({ ...sound, brake, recovery: { ...recovery, threshold: 1 } })).toContain(
      'replace all voters: 1',
    )
    expect(why({ ...sound, brake, recovery: { ...recovery, delay: hours(1) } })).toContain(
      'before anybody saw it',
    )
  })

  it('its grants for emergencies: each has as many people as it wants', () => {
    expect(why({ ...sound, brake, emergency: { grants: [grant] } })).toBe('ok')
    expect(why({ ...sound, brake, emergency: { grants: [{ ...grant, threshold: 2 }] } })).toContain(
      'more people than it names: 2',
    )
    expect(why({ ...sound, brake, emergency: { grants: [{ ...grant, who: ['zoe'] }] } })).toContain(
      'somebody who is not there: zoe',
    )
  })
})
