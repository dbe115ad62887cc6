import { describe, expect, it } from '@jest/globals'
import { canonicalize } from '../../src/core/canonical-json.js'
import { plus, type Seconds } from '../../src/core/time.js'
import { payloadTypes, preAuthEncoding } from '../../src/namespace/dsse.js'
import { type EnrolledRole, enrolmentBytes, isEnrolled } from '../../src/namespace/enrolment.js'
import {
  isInUse,
  isVoterKey,
  voterKey,
  type VoterJwk,
  type VoterKey,
  voterKeyOf,
} from '../../src/namespace/voter-key.js'
import { T0 } from '../support/fake-clock.js'
import { TestVoter } from '../support/voters.js'

const INDEX = 'a'.repeat(64)
const [ann, bob] = [new TestVoter('ann'), new TestVoter('bob', 'ES256')]
const one = 1 as Seconds

describe('a key that votes', () => {
  it('is named by a digest of itself (RFC 7638, RFC 8037 appendix A.3)', () => {
    const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'
    const octets = Buffer.from(x, 'base64url')
    expect(voterKey(octets, T0)).toEqual({
      alg: 'Ed25519',
      jwk: { crv: 'Ed25519', kty: 'OKP', x },
      thumbprint: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
      from: T0,
    })
    expect(voterKey(octets.subarray(1), T0)).toBeUndefined()
    expect(voterKey(Buffer.alloc(32), T0)).toBeUndefined()
  })

  it('says how it signs, by what it is', () => {
    expect(voterKeyOf(ann.jwk, T0)?.alg).toBe('Ed25519')
    expect(voterKeyOf(bob.jwk, T0)?.alg).toBe('ES256')
  })

  it.each<[string, (jwk: Record<string, string>) => Record<string, string>]>([
    ['another spelling of x', ({ x, ...rest }) => ({ ...rest, x: `${x}=` })],
    ['another spelling of y', ({ y, ...rest }) => ({ ...rest, y: `${y}=` })],
    ['too short an x', ({ x, ...rest }) => ({ ...rest, x: x!.slice(2) })],
    ['too long a y', ({ y, ...rest }) => ({ ...rest, y: `${y}AA` })],
    ['a point beside the curve', ({ y, ...rest }) => ({ ...rest, y: `${'A'.repeat(42)}E` })],
  ])('has no %s', (_, change) => {
    const jwk = change({ ...bob.jwk }) as unknown as VoterJwk
    expect(voterKeyOf(jwk, T0)).toBeUndefined()
    expect(voterKeyOf(bob.jwk, T0)).toBeDefined()
  })

  it('is what its public key comes to, with an end and a proof', () => {
    for (const voter of [ann, bob]) {
      const key = voter.key(INDEX, T0)
      expect(isVoterKey(key)).toBe(true)
      expect(isVoterKey({ ...key, until: plus(T0, one) })).toBe(true)
      expect(isVoterKey({ ...key, thumbprint: 'A'.repeat(43) })).toBe(false)
      expect(isVoterKey({ ...key, alg: key.alg === 'ES256' ? 'Ed25519' : 'ES256' })).toBe(false)
      expect(isVoterKey({ ...key, other: 1 } as VoterKey)).toBe(false)
      expect(isVoterKey({ ...key, jwk: { ...key.jwk, d: 'AA' } as unknown as VoterJwk })).toBe(
        false,
      )
    }
  })

  it('signs from its first second until its end, which is the first it does not', () => {
    const key = { ...ann.key(INDEX, T0), until: plus(T0, 2 as Seconds) }
    const times = [(T0 - 1) as typeof T0, T0, plus(T0, one), plus(T0, 2 as Seconds)]
    expect(times.map((at) => isInUse(key, at))).toEqual([false, true, true, false])
    expect(times.map((at) => isInUse(ann.key(INDEX, T0), at))).toEqual([false, true, true, true])
  })
})

describe('the enrolment of a key', () => {
  const { id: voter, controller } = ann
  const { thumbprint } = ann.key(INDEX, T0)
  const who = { index: INDEX, voter, controller }

  it('says for whom, in which index, and for what it is not a vote', () => {
    const said = (role?: EnrolledRole): string =>
      Buffer.from(enrolmentBytes({ ...who, thumbprint, ...(role && { role }) })).toString()
    const pae = (statement: object): string =>
      Buffer.from(
        preAuthEncoding(payloadTypes.enrolment, Buffer.from(canonicalize(statement))),
      ).toString()
    const statement = { controller, index: INDEX, thumbprint, v: 1, voter }
    expect(said()).toBe(pae(statement))
    expect(said('voter')).toBe(pae(statement))
    expect(said('recovery')).toBe(pae({ ...statement, role: 'recovery' }))
    expect(said('emergency')).toBe(pae({ ...statement, role: 'emergency' }))
  })

  it('is proved by a signature in its one spelling', () => {
    const key = ann.key(INDEX, T0)
    expect(isEnrolled(key, who)).toBe(true)
    const { proof, ...bare } = key
    expect(isEnrolled(bare, who)).toBe(false)
    expect(isEnrolled({ ...bare, proof: `${proof}==` }, who)).toBe(false)
    expect(isEnrolled({ ...bare, proof: Buffer.alloc(64).toString('base64url') }, who)).toBe(false)
  })

  it.each<[string, Partial<typeof who> & { readonly role?: EnrolledRole }]>([
    ['another index', { index: 'b'.repeat(64) }],
    ['another voter', { voter: 'zoe' }],
    ['another person', { controller: 'zoe@acme' }],
    ['a recovery', { role: 'recovery' }],
    ['emergencies', { role: 'emergency' }],
  ])('is not one for %s', (_, change) => {
    expect(isEnrolled(ann.key(INDEX, T0), { ...who, ...change })).toBe(false)
  })

  it('of a recovery is not one of a vote', () => {
    const key = ann.key(INDEX, T0, ann, 'recovery')
    expect(isEnrolled(key, { ...who, role: 'recovery' })).toBe(true)
    expect(isEnrolled(key, who)).toBe(false)
    expect(isEnrolled(key, { ...who, role: 'emergency' })).toBe(false)
  })
})
