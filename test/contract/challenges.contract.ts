import { describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import { hours, plus } from '../../src/core/time.js'
import { T0 } from '../support/fake-clock.js'
import { challenge, leaf, type OpenStore } from './given-store.js'

/** What every `ChallengeStore` keeps to. */
export function challengesContract(name: string, open: OpenStore): void {
  describe(`ChallengeStore: ${name}`, () => {
    it('finds a challenge as it was made, and an append can spend it', async () => {
      const { store } = await open()
      const made = challenge()
      await store.challenges.create(made)
      expect(await store.challenges.find(made.id)).toEqual(made)
      const spent = await store.ledger.append(leaf(), [{ kind: 'challenge', id: made.id }])
      expect(spent).toMatchObject({ ok: true })
    })

    it('finds nothing under an unknown id, and no challenge that was used', async () => {
      const { store } = await open()
      const [used, other] = [challenge(), challenge()]
      for (const each of [used, other]) await store.challenges.create(each)
      await store.ledger.append(leaf(), [{ kind: 'challenge', id: used.id }])
      expect(await store.challenges.find('unknown')).toBeUndefined()
      expect(await store.challenges.find(used.id)).toBeUndefined()
      expect(await store.challenges.find(other.id)).toEqual(other)
    })

    it('leaves it to the caller to see that a challenge has expired', async () => {
      const { store } = await open()
      const old = challenge({ expiresAt: plus(T0, hours(-1)) })
      await store.challenges.create(old)
      expect(await store.challenges.find(old.id)).toEqual(old)
    })

    it('throws for an id that exists, and keeps what is there', async () => {
      const { store } = await open()
      const made = challenge()
      await store.challenges.create(made)
      const other = challenge({ id: made.id })
      await expect(store.challenges.create(other)).rejects.toThrow(DependencyError)
      expect(await store.challenges.find(made.id)).toEqual(made)
    })
  })
}
