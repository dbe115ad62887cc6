import { describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import { hours, plus, seconds } from '../../src/core/time.js'
import { T0 } from '../support/fake-clock.js'
import { leaf, newEntry, type OpenStore, token } from './given-store.js'

/** What every `JoinTokenStore` keeps to. */
export function joinTokensContract(name: string, open: OpenStore): void {
  describe(`JoinTokenStore: ${name}`, () => {
    it('finds a token as it was made, unused, also after reopening', async () => {
      const { store, reopen } = await open()
      const made = token()
      await store.joinTokens.create(made)
      expect(await store.joinTokens.find(made.id)).toEqual({ ...made, usedAt: null })
      expect(await (await reopen()).joinTokens.find(made.id)).toEqual({ ...made, usedAt: null })
    })

    it('finds nothing under an unknown id', async () => {
      const { store } = await open()
      await store.joinTokens.create(token())
      expect(await store.joinTokens.find('unknown')).toBeUndefined()
    })

    it('throws for an id that exists, and keeps what is there', async () => {
      const { store } = await open()
      const made = token()
      await store.joinTokens.create(made)
      const other = token({ id: made.id, entry: newEntry() })
      await expect(store.joinTokens.create(other)).rejects.toThrow(DependencyError)
      expect(await store.joinTokens.find(made.id)).toEqual({ ...made, usedAt: null })
    })

    it('lists the newest first, no more than asked for, used and expired ones included', async () => {
      const { store } = await open()
      const at = (second: number) => ({ createdAt: plus(T0, seconds(second)) })
      const [used, newest, expired] = [
        token(at(1)),
        token(at(2)),
        token({ createdAt: plus(T0, hours(-9)), expiresAt: plus(T0, hours(-8)) }),
      ]
      for (const each of [used, newest, expired]) await store.joinTokens.create(each)
      await store.ledger.append(leaf(), [{ kind: 'join-token', id: used.id }])
      const all = [
        { ...newest, usedAt: null },
        { ...used, usedAt: T0 },
        { ...expired, usedAt: null },
      ]
      expect(await store.joinTokens.list(10)).toEqual(all)
      expect(await store.joinTokens.list(2)).toEqual(all.slice(0, 2))
    })

    it('withdraws an unused token, once, for ever', async () => {
      const { store, reopen } = await open()
      const [made, other] = [token(), token()]
      for (const each of [made, other]) await store.joinTokens.create(each)
      expect(await store.joinTokens.withdraw(made.id)).toBe(true)
      expect(await store.joinTokens.withdraw(made.id)).toBe(false)
      const again = await reopen()
      expect(await again.joinTokens.find(made.id)).toBeUndefined()
      expect(await again.joinTokens.find(other.id)).toBeDefined()
      expect(
        await again.ledger.append(leaf(), [{ kind: 'join-token', id: made.id }]),
      ).toMatchObject({ ok: false, refusal: { code: 'evidence.not-accepted' } })
    })

    it('does not withdraw a used or an unknown token', async () => {
      const { store } = await open()
      const used = token()
      await store.joinTokens.create(used)
      await store.ledger.append(leaf(), [{ kind: 'join-token', id: used.id }])
      expect(await store.joinTokens.withdraw(used.id)).toBe(false)
      expect(await store.joinTokens.withdraw('unknown')).toBe(false)
      expect(await store.joinTokens.find(used.id)).toEqual({ ...used, usedAt: T0 })
    })
  })
}
