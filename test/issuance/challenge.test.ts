import { beforeEach, describe, expect, it } from '@jest/globals'
import { plus, seconds, type UnixSeconds } from '../../src/core/time.js'
import type { VerifiedCsr } from '../../src/csr/verified-csr.js'
import { answersChallenge, createChallenge } from '../../src/issuance/challenge.js'
import type { Challenge } from '../../src/issuance/ports.js'
import { T0 } from '../support/fake-clock.js'
import { MemoryStore } from '../support/memory-store.js'
import { countedRandom } from '../support/random.js'

let store: MemoryStore
let challenge: Challenge
beforeEach(async () => {
  store = new MemoryStore()
  const { challenges } = store
  challenge = await createChallenge({ challenges, random: countedRandom() }, T0)
})

const csrWith = (challengePassword?: string): VerifiedCsr =>
  (challengePassword === undefined ? {} : { challengePassword }) as VerifiedCsr

const answer = (csr: VerifiedCsr, now: UnixSeconds = T0, id = challenge.id) =>
  answersChallenge(store.challenges, id, csr, now)

describe('a challenge', () => {
  it('is 256 random bits, good for two minutes, and stored', async () => {
    expect(challenge.id).toMatch(/^ch[a-z2-7]{26}$/)
    expect(Buffer.from(challenge.nonce, 'base64url')).toHaveLength(32)
    expect(challenge.expiresAt).toBe(T0 + 120)
    expect(await store.challenges.find(challenge.id)).toEqual(challenge)
  })

  it('is answered by its nonce, until its last second', async () => {
    expect(await answer(csrWith(challenge.nonce), plus(T0, seconds(119)))).toEqual({
      ok: true,
      value: { kind: 'challenge', id: challenge.id },
    })
  })

  it.each<{ by: string; given: () => ReturnType<typeof answer> }>([
    { by: 'another nonce', given: () => answer(csrWith('other')) },
    { by: 'none', given: () => answer(csrWith()) },
    { by: 'an empty one', given: () => answer(csrWith('')) },
    {
      by: 'its nonce too late',
      given: () => answer(csrWith(challenge.nonce), challenge.expiresAt),
    },
    { by: 'its nonce under another id', given: () => answer(csrWith(challenge.nonce), T0, 'ch1') },
    { by: 'nothing, under an id that is none', given: () => answer(csrWith(), T0, 'ch1') },
  ])('is not answered by $by', async ({ given }) => {
    expect(await given()).toMatchObject({ ok: false, refusal: { code: 'challenge.spent' } })
  })
})
